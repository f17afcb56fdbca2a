package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"centralita/cmd/centralita/machine"
)

// Numbers of the trunk that lead to peers instead of the product. Every other
// number is the product's.
const (
	toQueue   = "7001" // native queue, as many agents as the first line
	toBare    = "7005" // the same queue, its calls not recorded
	toFloor   = "7002" // the least program: claim, then look up, store, show
	toBeside  = "7003" // the same, the claim beside the rest
	toBacklog = "7004" // native queue, as many agents as the second line
)

const floorApp = "floor-bench"

func peerPhone(i int) string { return fmt.Sprintf("peer%02d", i) }

// writeSwitchSettings adds the peers to the product's own Asterisk: they take
// the same trunk, the same phones, the same machine.
func writeSwitchSettings(dir machine.Dir) error {
	if err := os.MkdirAll(dir.SwitchSettings(), 0o711); err != nil {
		return err
	}
	if err := os.Chmod(string(dir), 0o711); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"modules.conf":    "load = app_queue.so\n",
		"extensions.conf": dialplan(),
		"queues.conf":     queues(),
		"pjsip.conf":      phones(),
	} {
		if err := os.WriteFile(filepath.Join(dir.SwitchSettings(), name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// dialplan has the peers' calls begin as the product's do: limited in time, and recorded from the first moment.
func dialplan() string {
	const begin = "Set(TIMEOUT(absolute)=14400)\n same => n,MixMonitor(${UNIQUEID}.raw,D)\n same => n,"
	var b strings.Builder
	b.WriteString("[from-trunk](+)\n")
	for number, serve := range map[string]string{
		toQueue: begin + "Queue(idle)", toBacklog: begin + "Queue(backlog)", toBare: "Queue(idle)",
		toFloor: begin + "StasisBroadcast(1500,^" + floorApp + "$)", toBeside: begin + "StasisBroadcast(1500,^" + floorApp + "$)",
	} {
		fmt.Fprintf(&b, "exten => %s,1,%s\n same => n,Hangup()\n", number, serve)
	}
	return b.String()
}

// queues are set up as well as app_queue can be: no waiting for its turn, no
// pause between calls, whoever has been idle longest.
func queues() string {
	var b strings.Builder
	b.WriteString("[general]\nautofill = yes\npersistentmembers = no\n")
	queue := func(name string, from, to int) {
		fmt.Fprintf(&b, "[%s]\nstrategy = leastrecent\nautofill = yes\nringinuse = no\ntimeout = 20\nretry = 1\nwrapuptime = 0\njoinempty = yes\nleavewhenempty = no\n", name)
		for i := from; i <= to; i++ {
			fmt.Fprintf(&b, "member => PJSIP/%s\n", peerPhone(i))
		}
	}
	queue("idle", 1, agents)
	queue("backlog", agents+1, agents+veterans)
	return b.String()
}

// phones are the queue's desk phones, set up as the product sets up its own.
func phones() string {
	var b strings.Builder
	for i := 1; i <= agents+veterans; i++ {
		id := peerPhone(i)
		fmt.Fprintf(&b, "[%[1]s]\ntype = endpoint\ntransport = transport-udp\ncontext = phones\ndisallow = all\nallow = ulaw,alaw\nrtp_symmetric = yes\nforce_rport = yes\nrewrite_contact = yes\nauth = %[1]s\naors = %[1]s\ndirect_media = no\n", id)
		fmt.Fprintf(&b, "[%[1]s]\ntype = auth\nauth_type = userpass\nusername = %[1]s\npassword = %[2]s\n", id, peerSecret)
		fmt.Fprintf(&b, "[%[1]s]\ntype = aor\nmax_contacts = 1\nremove_existing = yes\n", id)
	}
	return b.String()
}

// peerSecret signs the queue's phones in; they exist on loopback and for one run.
const peerSecret = "bench"
