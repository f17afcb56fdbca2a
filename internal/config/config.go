// Package config is what a process is told by its environment: addresses,
// credentials and places. Whatever an administrator changes while working
// (users, lines, templates) lives in the database instead. Every variable may
// also be given as NAME_FILE, the name of a file that holds the value.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Config is the whole configuration of `centralita serve`.
type Config struct {
	// HTTPAddr is where the server listens, host:port.
	HTTPAddr string `env:"CENTRALITA_HTTP_ADDR" envDefault:"127.0.0.1:8080"`
	// PublicURL is the address in the browser, needed behind a proxy and for webhooks.
	PublicURL string `env:"CENTRALITA_PUBLIC_URL"`
	// TrustedProxies may tell the client's address; CIDRs separated by commas.
	TrustedProxies []string `env:"CENTRALITA_TRUSTED_PROXIES" envSeparator:","`
	// MetricsToken opens /metrics to others than loopback.
	MetricsToken string `env:"CENTRALITA_METRICS_TOKEN"`
	// WebhooksLocal lets webhooks lead to addresses inside, and do without TLS:
	// for development and tests alone.
	WebhooksLocal bool `env:"CENTRALITA_WEBHOOKS_LOCAL"`
	// Instance names this process among others at one Asterisk; its ARI
	// application is crm-INSTANCE. Letters, digits, hyphen.
	Instance string `env:"CENTRALITA_INSTANCE" envDefault:"1"`
	// Zone is the firm's time zone, in which dates are shown and reminders meant.
	Zone string `env:"CENTRALITA_ZONE" envDefault:"Europe/Madrid"`
	// ShutdownGrace is how long requests may go on after a stop signal.
	ShutdownGrace time.Duration `env:"CENTRALITA_SHUTDOWN_GRACE" envDefault:"10s"`

	Log      Log
	Database Database
	Redis    Redis
	Asterisk Asterisk
	Files    Files
	Twilio   Twilio
}

// Log says what is logged and how, always to standard error.
type Log struct {
	Level  slog.Level `env:"CENTRALITA_LOG_LEVEL" envDefault:"info"`
	Format string     `env:"CENTRALITA_LOG_FORMAT" envDefault:"text"` // text or json
}

// Database is PostgreSQL 15 or later.
type Database struct {
	URL string `env:"DATABASE_URL"`
}

// Redis is only needed where several servers share the work. Empty: none.
type Redis struct {
	URL string `env:"REDIS_URL"`
}

// Asterisk is the switch: its ARI, its websocket for softphones, and where its
// files are seen from this process.
type Asterisk struct {
	ARIURL      string `env:"CENTRALITA_ARI_URL" envDefault:"http://127.0.0.1:8188/ari"`
	ARIUser     string `env:"CENTRALITA_ARI_USER" envDefault:"centralita"`
	ARIPassword string `env:"CENTRALITA_ARI_PASSWORD"`
	// SocketURL is Asterisk's SIP websocket, proxied at /sip.
	SocketURL string `env:"CENTRALITA_SIP_WS_URL" envDefault:"ws://127.0.0.1:8188/ws"`
	// SIPAddr is host:port where the trunk's calls come in; shown, not used.
	SIPAddr string `env:"CENTRALITA_SIP_ADDR" envDefault:"127.0.0.1:5160"`
	// RecordingDir is where MixMonitor writes its raw files.
	RecordingDir string `env:"CENTRALITA_MONITOR_DIR"`
	// CELFile is the call event log that calls are recovered from.
	CELFile string `env:"CENTRALITA_CEL_FILE"`
}

// Files is where recordings and other files are kept for good.
type Files struct {
	Dir string `env:"CENTRALITA_FILES_DIR" envDefault:"/var/lib/centralita/files"`
	// MaxMB is how large an uploaded file may be, MaxTotalGB all of them together.
	MaxMB      int64 `env:"CENTRALITA_FILE_MAX_MB" envDefault:"25"`
	MaxTotalGB int64 `env:"CENTRALITA_FILES_MAX_GB" envDefault:"20"`
	// AuditDir holds the signed checkpoints of the log, and the key that signs
	// them: outside the database, and readable by the server's user alone.
	AuditDir string `env:"CENTRALITA_AUDIT_DIR" envDefault:"/var/lib/centralita/audit"`
}

// Twilio sends and receives SMS. Without an account no SMS is sent.
type Twilio struct {
	AccountSID string `env:"TWILIO_ACCOUNT_SID"`
	AuthToken  string `env:"TWILIO_AUTH_TOKEN"`
	From       string `env:"TWILIO_FROM"`
	BaseURL    string `env:"TWILIO_BASE_URL" envDefault:"https://api.twilio.com"`
	// WebhookURL is how Twilio reaches us; empty: PublicURL.
	WebhookURL string `env:"TWILIO_WEBHOOK_URL"`
	// OutboxURL is the page of a loopback Twilio's outbox; empty with the real one.
	OutboxURL string `env:"TWILIO_OUTBOX_URL"`
}

// Configured reports whether SMS can be sent.
func (t Twilio) Configured() bool { return t.AccountSID != "" && t.AuthToken != "" }

// Load reads environ, in the form of os.Environ, and checks it. The error
// names every variable that is wrong.
func Load(environ []string) (Config, error) {
	vars, err := withFiles(env.ToMap(environ))
	if err != nil {
		return Config{}, err
	}
	var c Config
	if err := env.ParseWithOptions(&c, env.Options{Environment: vars}); err != nil {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}
	if c.Twilio.WebhookURL == "" {
		c.Twilio.WebhookURL = c.PublicURL
	}
	return c, c.check()
}

// withFiles replaces NAME_FILE by NAME with the file's text, without the last
// line's end. Only names that the product knows are looked at.
func withFiles(vars map[string]string) (map[string]string, error) {
	params, err := env.GetFieldParams(&Config{})
	if err != nil {
		return nil, err
	}
	for _, p := range params {
		name := vars[p.Key+"_FILE"]
		if name == "" {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("configuration: %s_FILE: %w", p.Key, err)
		}
		vars[p.Key] = strings.TrimRight(string(text), "\r\n")
	}
	return vars, nil
}

var instanceShape = regexp.MustCompile(`^[A-Za-z0-9-]{1,32}$`)

func (c Config) check() error {
	var errs []error
	bad := func(name, why string) { errs = append(errs, fmt.Errorf("%s: %s", name, why)) }
	for name, raw := range map[string]string{
		"CENTRALITA_PUBLIC_URL": c.PublicURL, "CENTRALITA_ARI_URL": c.Asterisk.ARIURL,
		"CENTRALITA_SIP_WS_URL": strings.Replace(c.Asterisk.SocketURL, "ws", "http", 1),
		"TWILIO_BASE_URL":       c.Twilio.BaseURL, "TWILIO_WEBHOOK_URL": c.Twilio.WebhookURL,
	} {
		if u, err := url.Parse(raw); raw != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			bad(name, "must be an http or https URL")
		}
	}
	if c.Database.URL == "" {
		bad("DATABASE_URL", "is required")
	}
	if !instanceShape.MatchString(c.Instance) {
		bad("CENTRALITA_INSTANCE", "must be 1 to 32 letters, digits or hyphens")
	}
	if _, err := time.LoadLocation(c.Zone); err != nil {
		bad("CENTRALITA_ZONE", "is not a time zone")
	}
	if c.Log.Format != "text" && c.Log.Format != "json" {
		bad("CENTRALITA_LOG_FORMAT", "must be text or json")
	}
	if c.Files.MaxMB < 1 || c.Files.MaxMB > 10_000 || c.Files.MaxTotalGB < 1 || c.Files.MaxTotalGB > 1_000_000 {
		bad("CENTRALITA_FILE_MAX_MB, CENTRALITA_FILES_MAX_GB", "must be 1 to 10,000 and 1 to 1,000,000")
	}
	if _, err := c.Proxies(); err != nil {
		bad("CENTRALITA_TRUSTED_PROXIES", err.Error())
	}
	return errors.Join(errs...)
}

// Proxies returns TrustedProxies parsed; a plain address means itself alone.
func (c Config) Proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, raw := range c.TrustedProxies {
		raw = strings.TrimSpace(raw)
		if addr, err := netip.ParseAddr(raw); err == nil {
			out = append(out, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(raw)
		if err != nil {
			return nil, errors.New("must be addresses or CIDRs separated by commas")
		}
		out = append(out, p)
	}
	return out, nil
}

// Logger returns the log that c asks for.
func (l Log) Logger() *slog.Logger {
	opts := &slog.HandlerOptions{Level: l.Level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts))
}
