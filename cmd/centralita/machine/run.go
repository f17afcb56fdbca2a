package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"centralita/asterisk"
	"centralita/internal/postgres"
	"centralita/internal/postgres/cluster"
	"centralita/internal/supervise"
)

// startLimit bounds the start of everything on a slow machine.
const startLimit = 3 * time.Minute

// databaseName is the product's database in the private cluster.
const databaseName = "centralita"

// Options say what to run. Dir is required.
type Options struct {
	Dir     Dir
	Ports   Ports
	Version string
	// Environ is passed to the server, under what the instance itself decides.
	Environ []string
	// Language of the switch's prompts: en, es or ru.
	Language string
	// HTTPHost is the address to listen on; empty: 127.0.0.1. All else stays on loopback.
	HTTPHost string
	// Trunk says where calls from outside come from and go to.
	Trunk Trunk
	// DatabaseURL names an existing database to use; empty: a private cluster.
	DatabaseURL string
	// Demo loads the demonstration data into an empty database and returns the
	// logins; on one that has data it only returns the logins. Nil: no demo.
	Demo func(ctx context.Context, databaseURL string) ([]Login, error)
	// Out gets the few lines that a person should see.
	Out io.Writer
	Log *slog.Logger
}

// Trunk is the way to the carrier; zero fields mean loopback. Address is our
// own IPv4 address for SIP and its audio, IPs are the carrier's addresses or
// networks, Contact is host:port where calls to outside are sent.
type Trunk struct {
	Address string
	IPs     []string
	Contact string
}

// instance is one running product.
type instance struct {
	Options
	secrets  secrets
	ports    Ports
	kids     *supervise.Supervisor
	cluster  *cluster.Cluster
	asterisk asterisk.Config
	mu       sync.Mutex
	state    State
}

// Run starts everything, prints a line that begins with "ready", and keeps it
// running until ctx ends; then it stops every child in order and returns nil.
func Run(ctx context.Context, o Options) error {
	if err := o.Dir.prepare(); err != nil {
		return err
	}
	lock, err := o.Dir.tryLock()
	if err != nil {
		return fmt.Errorf("%s: %w", o.Dir, err)
	}
	defer lock.Close()
	if err := os.RemoveAll(o.Dir.StateFile()); err != nil {
		return err
	}
	i := &instance{Options: o}
	defer i.close()
	starting, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := i.start(starting); err != nil {
		if ctx.Err() != nil {
			return nil //nolint:nilerr // stopped while starting: as was wished
		}
		return err
	}
	i.announce()
	<-ctx.Done()
	fmt.Fprintln(o.Out, "stopping")
	return nil
}

// close stops the children and forgets the state.
func (i *instance) close() {
	if i.kids != nil {
		i.kids.Close()
	}
	if err := os.Remove(i.Dir.StateFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		i.Log.Warn("state file stays", "error", err)
	}
}

func (i *instance) start(ctx context.Context) error {
	var err error
	if i.secrets, err = i.Dir.secrets(); err != nil {
		return err
	}
	if i.kids, err = supervise.New(i.Dir.Run(), i.Log); err != nil {
		return err
	}
	if err := i.healLeftovers(ctx); err != nil {
		return err
	}
	if i.ports, err = i.Ports.Free(); err != nil {
		return err
	}
	i.describe()
	i.kids.OnChange = func(string, int) { i.note() }
	if err := both(ctx, i.startPostgres, i.startAsterisk); err != nil {
		return err
	}
	if err := i.startTwilio(ctx); err != nil {
		return err
	}
	if err := i.loadDemo(ctx); err != nil {
		return err
	}
	return i.startServer(ctx)
}

// both runs a and b at once; when one fails the other's context ends.
func both(ctx context.Context, a, b func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make(chan error, 2)
	for _, fn := range []func(context.Context) error{a, b} {
		go func() { errs <- fn(ctx) }()
	}
	first := <-errs
	if first != nil {
		cancel()
	}
	if second := <-errs; first == nil {
		return second
	}
	return first
}

// healLeftovers ends what a killed run left, before its ports are looked at.
func (i *instance) healLeftovers(ctx context.Context) error {
	root, err := asterisk.FindRoot()
	if err != nil {
		return err
	}
	own, err := i.Dir.switchSettings()
	if err != nil {
		return err
	}
	i.asterisk = asterisk.Config{
		Dir: i.Dir.Asterisk(), Root: root, ARIUser: "centralita", ARIPassword: i.secrets.ARI, Language: i.Language, Append: own,
		SIPAddress: i.Trunk.Address, TrunkIPs: i.Trunk.IPs, TrunkContact: i.Trunk.Contact, User: switchUser(),
	}
	if err := asterisk.Clean(ctx, i.asterisk); err != nil || i.DatabaseURL != "" {
		return err
	}
	bin, err := cluster.Find()
	if err != nil {
		return err
	}
	i.cluster = &cluster.Cluster{Bin: bin, Dir: i.Dir.Cluster(), Password: i.secrets.Postgres, Settings: map[string]string{
		"shared_buffers": "128MB", "max_connections": "100", "log_min_messages": "warning", "log_checkpoints": "off",
	}}
	return i.cluster.Heal(ctx)
}

// switchUser is whom Asterisk runs as when we are root: somebody without rights.
func switchUser() string {
	if os.Geteuid() == 0 {
		return "nobody"
	}
	return ""
}

// sip is host:port of the trunk.
func (i *instance) sip() string {
	if i.Trunk.Address == "" {
		return loopback(i.ports.SIP)
	}
	return net.JoinHostPort(i.Trunk.Address, strconv.Itoa(i.ports.SIP))
}

// database returns where the data are.
func (i *instance) database() string {
	if i.DatabaseURL != "" {
		return i.DatabaseURL
	}
	return i.cluster.URL(databaseName)
}

func (i *instance) startPostgres(ctx context.Context) error {
	if i.DatabaseURL != "" {
		return postgres.Migrate(ctx, i.DatabaseURL)
	}
	if err := i.cluster.Init(ctx); err != nil {
		return err
	}
	if err := i.kids.Start(ctx, postgresProcess(i.cluster)); err != nil {
		return err
	}
	if err := i.cluster.CreateDatabase(ctx, databaseName); err != nil {
		return err
	}
	return postgres.Migrate(ctx, i.cluster.URL(databaseName))
}

func (i *instance) startAsterisk(ctx context.Context) error {
	i.asterisk.HTTPPort, i.asterisk.SIPPort = i.ports.ARI, i.ports.SIP
	return i.kids.Start(ctx, asteriskProcess(i.asterisk))
}

func (i *instance) loadDemo(ctx context.Context) error {
	if i.Demo == nil {
		return nil
	}
	logins, err := i.Demo(ctx, i.database())
	if err != nil {
		return fmt.Errorf("demo data: %w", err)
	}
	i.mu.Lock()
	i.state.Logins = logins
	i.mu.Unlock()
	return nil
}

func (i *instance) startServer(ctx context.Context) error {
	return i.kids.Start(ctx, serverProcess(i.serverEnviron(), "http://"+loopback(i.ports.HTTP)))
}

// serverEnviron is what the server is told.
func (i *instance) serverEnviron() []string {
	paths := i.asterisk.Paths()
	env := append([]string(nil), i.Environ...)
	env = append(env,
		"DATABASE_URL="+i.database(),
		"CENTRALITA_HTTP_ADDR="+i.listen(),
		"CENTRALITA_ARI_URL="+i.asterisk.ARIURL(),
		"CENTRALITA_ARI_USER="+i.asterisk.ARIUser,
		"CENTRALITA_ARI_PASSWORD="+i.asterisk.ARIPassword,
		"CENTRALITA_SIP_WS_URL="+i.asterisk.WebSocketURL(),
		"CENTRALITA_SIP_ADDR="+i.sip(),
		"CENTRALITA_MONITOR_DIR="+paths.Recordings,
		"CENTRALITA_CEL_FILE="+paths.EventLog,
		"CENTRALITA_FILES_DIR="+i.Dir.Files(),
		"CENTRALITA_AUDIT_DIR="+i.Dir.Audit(),
	)
	if i.loopbackTwilio() {
		base := "http://" + loopback(i.ports.Twilio)
		env = append(env, "TWILIO_ACCOUNT_SID="+loopbackAccount, "TWILIO_AUTH_TOKEN="+i.secrets.Twilio,
			"TWILIO_FROM="+loopbackSender, "TWILIO_BASE_URL="+base, "TWILIO_OUTBOX_URL="+base,
			"TWILIO_WEBHOOK_URL=http://"+loopback(i.ports.HTTP))
	}
	return env
}

// listen is where the server is told to listen.
func (i *instance) listen() string {
	if i.HTTPHost == "" {
		return loopback(i.ports.HTTP)
	}
	return net.JoinHostPort(i.HTTPHost, strconv.Itoa(i.ports.HTTP))
}

// lookup returns name's value in environ; the last one counts.
func lookup(environ []string, name string) string {
	value := ""
	for _, kv := range environ {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			value = v
		}
	}
	return value
}

// describe fills in what is known before anything runs.
func (i *instance) describe() {
	if i.cluster != nil {
		i.cluster.Port = i.ports.Postgres
	}
	i.state = State{
		Running: true, Version: i.Version, StartedAt: time.Now().UTC(), DataDir: string(i.Dir),
		HTTP: "http://" + loopback(i.ports.HTTP), SIP: i.sip(), Postgres: i.database(),
		Redis: lookup(i.Environ, "REDIS_URL"), ARI: "http://" + loopback(i.ports.ARI) + "/ari",
		ARIUser: "centralita", ARISecret: i.secrets.ARI, Twilio: lookup(i.Environ, "TWILIO_BASE_URL"), Logins: []Login{},
	}
	if i.loopbackTwilio() {
		i.state.Twilio = "http://" + loopback(i.ports.Twilio)
	}
}

// note rewrites the state file.
func (i *instance) note() {
	pids := i.kids.PIDs()
	pids["supervisor"] = os.Getpid()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.state.PIDs = pids
	if err := writeJSON(i.Dir.StateFile(), i.state); err != nil {
		i.Log.Warn("state not noted", "error", err)
	}
}

// announce tells that all is up: one line, then one per login.
func (i *instance) announce() {
	i.mu.Lock()
	i.state.Ready = true
	logins := i.state.Logins
	i.mu.Unlock()
	i.note()
	fmt.Fprintf(i.Out, "ready %s", i.state.HTTP)
	for n, l := range logins {
		sep := "  logins: "
		if n > 0 {
			sep = ", "
		}
		fmt.Fprintf(i.Out, "%s%s / %s (%s)", sep, l.Login, l.Password, l.Role)
	}
	fmt.Fprintln(i.Out)
}
