package doctor

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"centralita/cmd/centralita/machine"
	"centralita/internal/postgres/cluster"
)

const setup = "run `make setup` as root"

// Free space under which the doctor doubts and despairs, in GB: an hour of
// talk is 115 MB until it is compressed.
const (
	scarceGB  = 5
	nothingGB = 1
)

func lookPostgres(context.Context, Patient) Finding {
	bin, err := cluster.Find()
	if err != nil {
		return failure(err.Error(), setup)
	}
	return good(fmt.Sprintf("%d in %s", bin.Major, bin.Dir))
}

// lookPostgresUser matters to root alone: PostgreSQL refuses to run as root.
func lookPostgresUser(_ context.Context, p Patient) Finding {
	if os.Geteuid() != 0 {
		return good("not needed: we are not root")
	}
	if _, err := user.Lookup("postgres"); err != nil {
		return failure("there is no user postgres, and PostgreSQL refuses to run as root", setup)
	}
	for dir := string(p.Dir); ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o001 == 0 {
			return failure("the user postgres cannot enter "+dir, "choose another data directory with --data, or `chmod o+x "+dir+"`")
		}
		if dir == filepath.Dir(dir) {
			return good("can enter " + string(p.Dir))
		}
	}
}

func lookDatabaseURL(ctx context.Context, p Patient) Finding {
	raw := p.Getenv("DATABASE_URL")
	if raw == "" {
		return good("not set: `run` uses a private cluster")
	}
	conn, err := pgx.Connect(ctx, raw)
	if err != nil {
		return failure("DATABASE_URL: cannot be reached", "check the address, the password and pg_hba.conf")
	}
	defer conn.Close(ctx)
	var number int
	if err := conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int`).Scan(&number); err != nil {
		return failure("DATABASE_URL: "+err.Error(), "check the server")
	}
	if number/10000 < cluster.MinMajor {
		return failure(fmt.Sprintf("DATABASE_URL: PostgreSQL %d", number/10000), fmt.Sprintf("use %d or later", cluster.MinMajor))
	}
	return good(fmt.Sprintf("PostgreSQL %d", number/10000))
}

func lookRedis(ctx context.Context, p Patient) Finding {
	raw := p.Getenv("REDIS_URL")
	if raw == "" {
		return good("not set: one server needs none")
	}
	opts, err := redis.ParseURL(raw)
	if err != nil {
		return failure("REDIS_URL is not a redis URL", "redis://[:password@]host:port/0")
	}
	client := redis.NewClient(opts)
	defer client.Close()
	if err := client.Ping(ctx).Err(); err != nil {
		return failure("REDIS_URL: "+err.Error(), "start Redis, or unset REDIS_URL with a single server")
	}
	return good("answers")
}

func lookOpusenc(context.Context, Patient) Finding {
	path, err := exec.LookPath("opusenc")
	if err != nil {
		return failure("missing: recordings cannot be compressed", setup+" (package opus-tools)")
	}
	return good(path)
}

func lookChromium(context.Context, Patient) Finding {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return good(path)
		}
	}
	return doubt("missing: only `make test` needs it", setup+" (package chromium)")
}

func lookApp(_ context.Context, p Patient) Finding {
	if !p.AppBuilt {
		return failure("this binary holds no web app", "build with `make build`, which builds the app first")
	}
	return good("inside")
}

// lookPorts doubts when a default port is taken: the instance then uses
// another, which a router or a colleague may not expect.
func lookPorts(_ context.Context, p Patient) Finding {
	if _, err := p.Dir.ReadState(); err == nil {
		return good("the instance has its own")
	}
	want := machine.DefaultPorts
	got, err := want.Free()
	if err != nil {
		return failure(err.Error(), "stop what listens there, or choose others with --http-port and so on")
	}
	if got != want {
		return doubt(fmt.Sprintf("some are taken; a start would use %+v", got), "fine on one's own machine; else stop what listens there")
	}
	return good(fmt.Sprintf("%+v", got))
}

func lookDisk(_ context.Context, p Patient) Finding {
	dir := string(p.Dir)
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			break
		}
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return failure(err.Error(), "make the data directory reachable")
	}
	gb := float64(fs.Bavail) * float64(fs.Bsize) / 1e9
	detail := fmt.Sprintf("%.1f GB free on %s", gb, dir)
	switch {
	case gb < nothingGB:
		return failure(detail, "free some space: recordings and the database need it")
	case gb < scarceGB:
		return doubt(detail, "free some space soon")
	}
	return good(detail)
}

func lookOpenFiles(context.Context, Patient) Finding {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return doubt(err.Error(), "")
	}
	if limit.Max < 4096 {
		return doubt(fmt.Sprintf("at most %d", limit.Max), "raise LimitNOFILE of the service to 65536")
	}
	return good(strconv.FormatUint(limit.Max, 10))
}

// lookClock asks the kernel whether something keeps the clock right.
func lookClock(context.Context, Patient) Finding {
	const unsynchronised = 0x40 // STA_UNSYNC
	var t syscall.Timex
	if _, err := syscall.Adjtimex(&t); err != nil {
		return doubt("the kernel does not tell", "see that the host keeps time")
	}
	now := time.Now().UTC().Format(time.RFC3339)
	if t.Status&unsynchronised != 0 {
		return doubt(now+", not kept by NTP as far as the kernel knows", "install chrony, unless the host keeps the time")
	}
	return good(now)
}

func lookZones(context.Context, Patient) Finding {
	for _, name := range []string{"Europe/Madrid", "Europe/Moscow", "America/Argentina/Buenos_Aires"} {
		if _, err := time.LoadLocation(name); err != nil {
			return failure(err.Error(), setup+" (package tzdata)")
		}
	}
	return good("present")
}

var accountShape = regexp.MustCompile(`^AC[0-9a-f]{32}$`)

func lookTwilio(_ context.Context, p Patient) Finding {
	account, token, from := p.Getenv("TWILIO_ACCOUNT_SID"), p.Getenv("TWILIO_AUTH_TOKEN")+p.Getenv("TWILIO_AUTH_TOKEN_FILE"), p.Getenv("TWILIO_FROM")
	switch {
	case account == "" && token == "":
		return good("no account: `run` uses a loopback one, `serve` sends no SMS")
	case !accountShape.MatchString(account):
		return failure("TWILIO_ACCOUNT_SID is not AC and 32 hex digits", "copy it from Twilio's console")
	case token == "" || from == "":
		return failure("TWILIO_AUTH_TOKEN or TWILIO_FROM is missing", "set all three")
	}
	for _, name := range []string{"TWILIO_WEBHOOK_URL", "CENTRALITA_PUBLIC_URL"} {
		if u, err := url.Parse(p.Getenv(name)); err == nil && u.Scheme == "https" {
			return good("account " + account[:6] + "…, webhooks at " + u.Host)
		}
	}
	return doubt("Twilio cannot reach this server: no https address is set", "set CENTRALITA_PUBLIC_URL or TWILIO_WEBHOOK_URL")
}

func lookInstance(ctx context.Context, p Patient) Finding {
	s, err := p.Dir.ReadState()
	if err != nil {
		return good(err.Error())
	}
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", strings.TrimPrefix(s.HTTP, "http://"))
	if err != nil {
		return failure("runs, but does not answer at "+s.HTTP, "see "+filepath.Join(p.Dir.Run(), "server.log"))
	}
	if err := conn.Close(); err != nil {
		return failure(err.Error(), "")
	}
	return good("answers at " + s.HTTP)
}

// lookInstanceARI asks the running instance's Asterisk for its version, over ARI.
func lookInstanceARI(ctx context.Context, p Patient) Finding {
	s, err := p.Dir.ReadState()
	if err != nil {
		return good(err.Error())
	}
	body, err := fetch(ctx, s.ARI+"/asterisk/info?only=system", s.ARIUser, s.ARISecret)
	if err != nil {
		return failure(err.Error(), "see "+filepath.Join(p.Dir.Asterisk(), "log", "messages.log"))
	}
	if !bytes.Contains(body, []byte(`"version"`)) {
		return failure("answers strangely at "+s.ARI, "see what listens there")
	}
	return good("answers at " + s.ARI)
}
