package machine

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/asterisk"
	"centralita/internal/postgres/cluster"
	"centralita/internal/supervise"
)

// The loopback Twilio's account. The sender is a number that nobody has.
const (
	loopbackAccount = "AC00000000000000000000000000000001"
	loopbackSender  = "+15005550006"
)

// ourselves is this very program, even after its file was replaced.
const ourselves = "/proc/self/exe"

// postgresProcess runs the private cluster.
func postgresProcess(c *cluster.Cluster) supervise.Process {
	return supervise.Process{
		Name:    "postgres",
		Command: func() (*exec.Cmd, error) { return c.Server(), nil },
		Prepare: c.Heal,
		Ready: func(ctx context.Context) error {
			conn, err := pgx.Connect(ctx, c.URL("postgres"))
			if err != nil {
				return err
			}
			return conn.Close(ctx)
		},
		Stop:  syscall.SIGINT, // fast shutdown
		Grace: 20 * time.Second,
	}
}

// asteriskProcess runs the private switch.
func asteriskProcess(c asterisk.Config) supervise.Process {
	client := &http.Client{Timeout: time.Second}
	return supervise.Process{
		Name:    "asterisk",
		Command: func() (*exec.Cmd, error) { return asterisk.Command(c) },
		Prepare: func(ctx context.Context) error {
			if err := asterisk.Clean(ctx, c); err != nil {
				return err
			}
			return asterisk.Render(c)
		},
		Ready: func(ctx context.Context) error { return asterisk.Healthy(ctx, client, c) },
		Grace: 5 * time.Second,
	}
}

// serverProcess runs `centralita serve` with environ.
func serverProcess(environ []string, url string) supervise.Process {
	return supervise.Process{
		Name: "server",
		Command: func() (*exec.Cmd, error) {
			cmd := exec.Command(ourselves, "serve")
			cmd.Env = environ
			return cmd, nil
		},
		Ready: func(ctx context.Context) error { return answers(ctx, url+"/readyz") },
		Alive: func(ctx context.Context) error { return answers(ctx, url+"/healthz") },
		Grace: 20 * time.Second,
	}
}

// answers asks for url and wants a 200.
func answers(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1000))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", url, resp.Status, body)
	}
	return nil
}

// loopbackTwilio says whether SMS stay on this machine: nobody gave an account.
func (i *instance) loopbackTwilio() bool {
	return lookup(i.Environ, "TWILIO_ACCOUNT_SID") == "" && lookup(i.Environ, "TWILIO_ACCOUNT_SID_FILE") == ""
}

// startTwilio runs the loopback Twilio, if it is wanted.
func (i *instance) startTwilio(ctx context.Context) error {
	if !i.loopbackTwilio() {
		return nil
	}
	addr := loopback(i.ports.Twilio)
	return i.kids.Start(ctx, supervise.Process{
		Name: "twilio",
		Command: func() (*exec.Cmd, error) {
			cmd := exec.Command(ourselves, "twilio", "--addr", addr, "--account", loopbackAccount,
				"--webhook", "http://"+loopback(i.ports.HTTP))
			cmd.Env = append(os.Environ(), "TWILIO_AUTH_TOKEN="+i.secrets.Twilio)
			return cmd, nil
		},
		Ready: func(ctx context.Context) error { return listening(ctx, addr) },
	})
}
