// Package doctor looks at a machine and a data directory and says what would
// keep the product from working, and how to mend it. It changes nothing.
package doctor

import (
	"context"
	"sync"
	"time"

	"centralita/cmd/centralita/machine"
)

// The states of a finding. Only Fail makes the machine unfit.
const (
	OK   = "ok"
	Warn = "warn"
	Fail = "fail"
)

// checkLimit bounds each single check.
const checkLimit = 5 * time.Second

// Finding is the result of one check. Mend is empty when the state is OK.
type Finding struct {
	Name   string `json:"name"`
	State  string `json:"state"`
	Detail string `json:"detail"`
	Mend   string `json:"mend,omitempty"`
}

func good(detail string) Finding          { return Finding{State: OK, Detail: detail} }
func doubt(detail, mend string) Finding   { return Finding{State: Warn, Detail: detail, Mend: mend} }
func failure(detail, mend string) Finding { return Finding{State: Fail, Detail: detail, Mend: mend} }

// Patient is what is looked at: a data directory, the environment (a function
// like os.Getenv) and whether the web app is inside the program.
type Patient struct {
	Dir      machine.Dir
	Getenv   func(string) string
	AppBuilt bool
}

// check is one look at a patient.
type check struct {
	name string
	look func(context.Context, Patient) Finding
}

// checks are in the order in which they are told.
var checks = []check{
	{"asterisk", lookAsterisk},
	{"asterisk-sessions", lookSessionLimit},
	{"asterisk-identify", lookIdentifierOrder},
	{"asterisk-rtp", lookAudioPorts},
	{"asterisk-recordings", lookRecordingDirs},
	{"hostname", lookHostname},
	{"postgresql", lookPostgres},
	{"postgresql-user", lookPostgresUser},
	{"database-url", lookDatabaseURL},
	{"redis", lookRedis},
	{"opusenc", lookOpusenc},
	{"chromium", lookChromium},
	{"web-app", lookApp},
	{"ports", lookPorts},
	{"disk", lookDisk},
	{"open-files", lookOpenFiles},
	{"clock", lookClock},
	{"time-zones", lookZones},
	{"twilio", lookTwilio},
	{"log", lookLog},
	{"instance", lookInstance},
	{"instance-ari", lookInstanceARI},
}

// Examine makes all checks at once and returns their findings in a fixed order.
func Examine(ctx context.Context, p Patient) []Finding {
	findings := make([]Finding, len(checks))
	var all sync.WaitGroup
	for n, c := range checks {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, checkLimit)
			defer cancel()
			findings[n] = c.look(ctx, p)
			findings[n].Name = c.name
		})
	}
	all.Wait()
	return findings
}

// Fit reports whether no finding is a failure.
func Fit(findings []Finding) bool {
	for _, f := range findings {
		if f.State == Fail {
			return false
		}
	}
	return true
}
