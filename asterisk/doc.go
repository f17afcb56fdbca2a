// Package asterisk configures and runs a private Asterisk of our own: it owns the configuration,
// the dialplan, the prompts and the place on the disk, and knows nothing of what a call means.
//
// An instance is a directory (Config.Dir) with everything that one Asterisk reads and writes, on
// ports of its own on the loopback address; several run side by side. Nothing of the machine's own
// Asterisk, if there is one, is touched. The program comes from a root (FindRoot) that install.sh
// makes; it is run in place through the root's own dynamic loader, so that every path is an
// ordinary path and no privilege is needed.
//
// Order: Render writes the configuration, Command gives the process to run, Ready waits until it
// answers. Whoever runs the process decides on its restart; Clean ends one that a killed owner
// left behind. Start and Stop do all that for one who just wants it running.
//
// # The dialplan
//
// A call from the trunk enters from-trunk: a two-channel recording begins (caller left, what the
// caller hears right), then the call is broadcast to the ARI applications whose name begins with
// crm- and waits Config.Claim for one to claim it. If none does, fallback answers, says so in the
// line's language, and takes a message. Continue a channel to voicemail,s for the same words and
// message. Originate a channel to record,s with the variables CRM_APP and CRM_ARGS to have it
// recorded and then enter the application. The number and name of a caller and the string dialled
// are never expanded by the dialplan.
//
// Every call leaves rows in an event log (Paths.EventLog, read by package asterisk/cel) that does
// not depend on the application, its database, or anything but the disk.
package asterisk
