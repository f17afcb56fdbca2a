package doctor_test

import (
	"os"
	"path/filepath"
	"testing"

	"centralita/cmd/centralita/doctor"
	"centralita/cmd/centralita/machine"
)

// examine looks at a data directory with the given files of the switch and
// environment, and returns the findings by name.
func examine(t *testing.T, files, env map[string]string) map[string]doctor.Finding {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, "asterisk", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found := map[string]doctor.Finding{}
	for _, f := range doctor.Examine(t.Context(), doctor.Patient{
		Dir: machine.Dir(dir), Getenv: func(name string) string { return env[name] }, AppBuilt: env["APP"] != "",
	}) {
		found[f.Name] = f
	}
	return found
}

func TestTrapsAreFound(t *testing.T) {
	found := examine(t, map[string]string{
		"etc/http.conf":  "[general]\nsessionlimit = 100\n",
		"etc/pjsip.conf": "[global]\nendpoint_identifier_order = ip,username\n",
		"etc/rtp.conf":   "rtpstart = 10000\nrtpend = 10199\n",
	}, map[string]string{
		"DATABASE_URL": "postgres://127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0",
		"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "x",
	})
	for _, name := range []string{"asterisk-sessions", "asterisk-identify", "asterisk-rtp", "asterisk-recordings", "database-url", "redis", "twilio", "web-app"} {
		if f := found[name]; f.State != doctor.Fail || f.Mend == "" || f.Detail == "" {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestAGoodConfigurationPasses(t *testing.T) {
	found := examine(t, map[string]string{
		"etc/http.conf":       "sessionlimit = 2000\n",
		"etc/pjsip.conf":      "endpoint_identifier_order = username,auth_username,ip,anonymous\n",
		"etc/rtp.conf":        "rtpstart = 10000\nrtpend = 20000\n",
		"spool/monitor/.x":    "",
		"spool/recording/.x":  "",
		"log/unrelated.log":   "",
		"etc/extensions.conf": "",
	}, map[string]string{"APP": "built"})
	for _, name := range []string{
		"asterisk", "asterisk-sessions", "asterisk-identify", "asterisk-rtp", "asterisk-recordings", "postgresql",
		"database-url", "redis", "opusenc", "web-app", "time-zones", "twilio", "instance",
	} {
		if f := found[name]; f.State != doctor.OK || f.Mend != "" {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestOnlyFailuresMakeUnfit(t *testing.T) {
	if !doctor.Fit([]doctor.Finding{{State: doctor.OK}, {State: doctor.Warn}}) {
		t.Error("a doubt is not a failure")
	}
	if doctor.Fit([]doctor.Finding{{State: doctor.OK}, {State: doctor.Fail}}) {
		t.Error("a failure is fit")
	}
}
