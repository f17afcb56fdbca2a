package asterisk

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Config describes an instance.
type Config struct {
	// Dir is the instance's directory, absolute; it is made when missing. Recordings, event log and
	// registered phones in it survive restarts.
	Dir string
	// Root holds the Asterisk to run; see FindRoot.
	Root string
	// HTTPPort (TCP) on 127.0.0.1: ARI and the softphones' websocket.
	HTTPPort int
	// SIPAddress and SIPPort (UDP) of trunk and desk phones; the trunk's audio uses that address, too.
	// An IPv4 address of this machine; 127.0.0.1 when empty.
	SIPAddress string
	SIPPort    int
	// RTPFirst to RTPLast are the UDP ports for audio: two a channel. 10000–20000 when zero.
	RTPFirst, RTPLast int
	// ARIUser and ARIPassword of the ARI user that is made. Letters, digits, - and _ only.
	ARIUser, ARIPassword string
	// EntityID names this Asterisk in events and in the event log, in the form 02:00:00:00:00:01.
	// Made from Dir when empty, so that it stays the same.
	EntityID string
	// Language of the prompts that callers hear: en, es or ru; en when empty.
	Language string
	// TrunkIPs are the addresses (or networks) whose INVITEs are calls from outside; 127.0.0.1 when empty.
	TrunkIPs []string
	// TrunkContact is host:port where calls to outside are sent, by dialling PJSIP/number@trunk.
	// 127.0.0.1:5060 when empty.
	TrunkContact string
	// Claim is how long a call waits to be claimed before the fall-back; 1.5 s when zero, at most 60 s.
	Claim time.Duration
	// User to run as when we are root; our own user when empty. Dir must be reachable for it.
	User string
	// Append holds text put at the end of configuration files, by file name, for what this
	// package does not configure. It is trusted.
	Append map[string]string
}

// withDefaults fills in what may be left out.
func (c Config) withDefaults() Config {
	if c.RTPFirst == 0 && c.RTPLast == 0 {
		c.RTPFirst, c.RTPLast = 10000, 20000
	}
	if c.EntityID == "" {
		sum := sha256.Sum256([]byte(c.Dir))
		// 02: locally administered, so that it is nobody's card.
		c.EntityID = fmt.Sprintf("02:%02x:%02x:%02x:%02x:%02x", sum[0], sum[1], sum[2], sum[3], sum[4])
	}
	if c.Language == "" {
		c.Language = "en"
	}
	if c.SIPAddress == "" {
		c.SIPAddress = "127.0.0.1"
	}
	if len(c.TrunkIPs) == 0 {
		c.TrunkIPs = []string{"127.0.0.1"}
	}
	if c.TrunkContact == "" {
		c.TrunkContact = "127.0.0.1:5060"
	}
	if c.Claim == 0 {
		c.Claim = 1500 * time.Millisecond
	}
	return c
}

// longestDir leaves room for /run/asterisk.ctl in the 107 bytes of a socket's address.
const longestDir = 107 - len("/run/asterisk.ctl")

var (
	wordForm   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
	entityForm = regexp.MustCompile(`^([0-9a-f]{2}:){5}[0-9a-f]{2}$`)
	hostForm   = regexp.MustCompile(`^[A-Za-z0-9.-]+$|^\[[0-9a-fA-F:]+\]$`)
)

// check refuses what would not work, or would write something else than meant into a file.
func (c Config) check() error {
	switch {
	case !filepath.IsAbs(c.Dir) || strings.ContainsAny(c.Dir, ";[]\"\n\r\x00") || strings.TrimSpace(c.Dir) != c.Dir:
		return fmt.Errorf("asterisk: directory %q is not an absolute plain path", c.Dir)
	case len(c.Dir) > longestDir:
		return fmt.Errorf("asterisk: directory %q is too long for the address of a socket in it", c.Dir)
	case !filepath.IsAbs(c.Root):
		return errors.New("asterisk: no root")
	case !isPort(c.HTTPPort) || !isPort(c.SIPPort):
		return fmt.Errorf("asterisk: ports %d and %d are not both ports", c.HTTPPort, c.SIPPort)
	case !isPort(c.RTPFirst) || !isPort(c.RTPLast) || c.RTPLast-c.RTPFirst < 3:
		return fmt.Errorf("asterisk: %d–%d is not a range of audio ports", c.RTPFirst, c.RTPLast)
	case !wordForm.MatchString(c.ARIUser) || !wordForm.MatchString(c.ARIPassword):
		return errors.New("asterisk: the ARI user and password must be letters, digits, - and _")
	case c.ARIUser == "general":
		return errors.New("asterisk: the ARI user cannot be called general")
	case !entityForm.MatchString(c.EntityID):
		return fmt.Errorf("asterisk: entity ID %q has not the form 02:00:00:00:00:01", c.EntityID)
	case prompts[c.Language] == "":
		return fmt.Errorf("asterisk: no prompts in language %q", c.Language)
	case c.Claim < time.Millisecond || c.Claim > time.Minute:
		return fmt.Errorf("asterisk: %v is no time to claim a call", c.Claim)
	}
	return c.checkTrunk()
}

func (c Config) checkTrunk() error {
	if address := net.ParseIP(c.SIPAddress); address.To4() == nil || address.IsUnspecified() {
		return fmt.Errorf("asterisk: %q is not one IPv4 address of this machine", c.SIPAddress)
	}
	host, port, err := net.SplitHostPort(c.TrunkContact)
	if err != nil || !wordForm.MatchString(port) || !hostForm.MatchString(host) && net.ParseIP(host) == nil {
		return fmt.Errorf("asterisk: trunk contact %q is not host:port", c.TrunkContact)
	}
	for _, address := range c.TrunkIPs {
		if _, _, err := net.ParseCIDR(address); err != nil && net.ParseIP(address) == nil {
			return fmt.Errorf("asterisk: trunk address %q is neither an address nor a network", address)
		}
	}
	return nil
}

func isPort(n int) bool { return n > 0 && n < 1<<16 }

// Paths are the places in an instance that others read.
type Paths struct {
	Recordings string // directory of two-channel recordings, UNIQUEID.raw: 8 kHz, 16 bit, interleaved, caller first
	EventLog   string // CSV, for package asterisk/cel
	Messages   string // Asterisk's own log
	Security   string // refused and suspicious SIP and ARI requests
	PIDFile    string
}

// Paths of the instance.
func (c Config) Paths() Paths {
	in := func(parts ...string) string { return filepath.Join(append([]string{c.Dir}, parts...)...) }
	return Paths{
		Recordings: in("spool", "monitor"), EventLog: in("log", "cel.csv"),
		Messages: in("log", "messages.log"), Security: in("log", "security.log"), PIDFile: in("run", "asterisk.pid"),
	}
}

// ARIURL is the URL of the instance's ARI, for ari.Config.
func (c Config) ARIURL() string { return fmt.Sprintf("http://127.0.0.1:%d/ari", c.HTTPPort) }

// WebSocketURL is where softphones connect, behind a proxy that the server provides.
func (c Config) WebSocketURL() string { return fmt.Sprintf("ws://127.0.0.1:%d/ws", c.HTTPPort) }
