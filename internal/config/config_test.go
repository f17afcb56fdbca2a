package config_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"centralita/internal/config"
)

const database = "DATABASE_URL=postgres://localhost/x"

func TestDefaults(t *testing.T) {
	c, err := config.Load([]string{database})
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTPAddr != "127.0.0.1:8080" || c.Log.Level != slog.LevelInfo || c.Twilio.Configured() || c.Redis.URL != "" {
		t.Errorf("%+v", c)
	}
}

func TestSecretsMayComeFromFiles(t *testing.T) {
	name := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(name, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load([]string{database, "TWILIO_ACCOUNT_SID=AC1", "TWILIO_AUTH_TOKEN_FILE=" + name, "CENTRALITA_PUBLIC_URL=https://crm.example"})
	if err != nil || c.Twilio.AuthToken != "s3cret" || !c.Twilio.Configured() || c.Twilio.WebhookURL != "https://crm.example" {
		t.Errorf("%+v %v", c.Twilio, err)
	}
	if _, err := config.Load([]string{database, "TWILIO_AUTH_TOKEN_FILE=/nowhere"}); err == nil || !strings.Contains(err.Error(), "TWILIO_AUTH_TOKEN_FILE") {
		t.Errorf("err = %v", err)
	}
}

func TestEveryMistakeIsNamed(t *testing.T) {
	_, err := config.Load([]string{
		"CENTRALITA_PUBLIC_URL=crm.example", "CENTRALITA_INSTANCE=a b", "CENTRALITA_ZONE=Mars/Olympus",
		"CENTRALITA_LOG_FORMAT=xml", "CENTRALITA_TRUSTED_PROXIES=10.0.0.0/8,x",
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, name := range []string{"DATABASE_URL", "PUBLIC_URL", "INSTANCE", "ZONE", "LOG_FORMAT", "TRUSTED_PROXIES"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in %v", name, err)
		}
	}
	if _, err := config.Load([]string{database, "CENTRALITA_SHUTDOWN_GRACE=soon"}); err == nil {
		t.Error("a duration that is none was accepted")
	}
}

func TestProxies(t *testing.T) {
	c := config.Config{TrustedProxies: []string{"127.0.0.1", " 10.0.0.0/8"}}
	got, err := c.Proxies()
	if err != nil || len(got) != 2 || got[0].String() != "127.0.0.1/32" || got[1].String() != "10.0.0.0/8" {
		t.Errorf("%v %v", got, err)
	}
}

// TestEveryVariableIsDocumented keeps the administrator's page complete.
func TestEveryVariableIsDocumented(t *testing.T) {
	source, err := os.ReadFile("config.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/admin.md")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`env:"([A-Z_]+)"`).FindAllSubmatch(source, -1)
	if len(names) < 15 {
		t.Fatalf("only %d variables found", len(names))
	}
	for _, m := range names {
		if !strings.Contains(string(page), "`"+string(m[1])+"`") {
			t.Errorf("%s is not in docs/admin.md", m[1])
		}
	}
}
