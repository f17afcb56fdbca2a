package pgtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres"
	"centralita/internal/postgres/cluster"
)

// stopper waits, detached, until nobody holds the users lock any more, and then
// stops the cluster while it holds that lock itself.
const stopper = `while sleep 15; do flock -n -x "$1" "$2" stop -w -m fast -D "$3" && exit; done`

// handle is this process's hold on the shared cluster.
type handle struct {
	cluster *cluster.Cluster
	dir     string
	users   *os.File // holds a shared lock for as long as the process lives
}

// attach takes a share of the cluster, starting it if nobody has.
func attach() (*handle, error) {
	bin, err := cluster.Find()
	if err != nil {
		return nil, err
	}
	h := &handle{dir: filepath.Join(os.TempDir(), fmt.Sprintf("centralita-pgtest-%d-%d", os.Getuid(), bin.Major))}
	if err := h.makeDir(); err != nil {
		return nil, err
	}
	h.cluster = &cluster.Cluster{
		Bin: bin, Dir: filepath.Join(h.dir, "pg", "data"), SocketDir: filepath.Join(h.dir, "pg", "run"), Port: 5432,
		Settings: map[string]string{
			"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off",
			"max_connections": "300", "shared_buffers": "64MB", "max_wal_size": "2GB",
			"autovacuum_naptime": "10min", "log_min_messages": "fatal",
		},
	}
	if h.users, err = lockFile(filepath.Join(h.dir, "users.lock"), syscall.LOCK_SH); err != nil {
		return nil, err
	}
	return h, h.underSetupLock(h.ensureRunning)
}

// makeDir makes the base directory and refuses one that somebody else made.
func (h *handle) makeDir() error {
	if err := os.Mkdir(h.dir, 0o711); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(h.dir)
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || !info.IsDir() || int(st.Uid) != os.Getuid() {
		return fmt.Errorf("%s belongs to somebody else", h.dir)
	}
	return nil
}

// underSetupLock runs fn while no other test process sets anything up.
func (h *handle) underSetupLock(fn func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), setupLimit)
	defer cancel()
	f, err := lockFile(filepath.Join(h.dir, "setup.lock"), syscall.LOCK_EX)
	if err != nil {
		return err
	}
	return errors.Join(fn(ctx), f.Close())
}

// lockFile opens name and waits for the lock, which lives until the file closes
// or the process ends.
func lockFile(name string, how int) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", name, err), f.Close())
	}
	return f, nil
}

func (h *handle) ensureRunning(ctx context.Context) error {
	if h.exec("SELECT 1") == nil {
		return nil
	}
	if err := h.start(ctx); err != nil {
		// Without fsync a power cut may have spoiled it; it holds nothing of value.
		if err := os.RemoveAll(filepath.Join(h.dir, "pg")); err != nil {
			return err
		}
		if err := h.start(ctx); err != nil {
			return err
		}
	}
	if err := h.dropLeftovers(ctx); err != nil {
		return err
	}
	return h.startStopper()
}

func (h *handle) start(ctx context.Context) error {
	if err := h.cluster.Init(ctx); err != nil {
		return err
	}
	return h.cluster.StartBackground(ctx)
}

// dropLeftovers removes the databases of test processes that were killed and
// templates of other migrations. Nobody is connected: the server just started.
func (h *handle) dropLeftovers(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, h.cluster.URL("postgres"))
	if err != nil {
		return err
	}
	rows, err := conn.Query(ctx, `SELECT datname FROM pg_database WHERE datname ~ '^(t|tpl)_'`)
	if err != nil {
		return errors.Join(err, conn.Close(ctx))
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, name := range names {
		if keep, hashErr := templateName(); hashErr != nil || name == keep {
			continue
		}
		_, dropErr := conn.Exec(ctx, "DROP DATABASE "+pgx.Identifier{name}.Sanitize())
		err = errors.Join(err, dropErr)
	}
	return errors.Join(err, conn.Close(ctx))
}

func (h *handle) startStopper() error {
	cmd := exec.Command("sh", "-c", stopper, "stopper", h.users.Name(), h.cluster.Bin.Path("pg_ctl"), h.cluster.Dir)
	cmd.Dir = "/"
	if os.Geteuid() == 0 {
		cmd.Args[2] = strings.Replace(stopper, `"$2" stop`, `runuser -u postgres -- "$2" stop`, 1)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}

// template returns the name of the migrated template, making it if need be.
func (h *handle) template() (string, error) {
	name, err := templateName()
	if err != nil {
		return "", err
	}
	return name, h.underSetupLock(func(ctx context.Context) error {
		conn, err := pgx.Connect(ctx, h.cluster.URL("postgres"))
		if err != nil {
			return err
		}
		var exists bool
		err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
		if err == nil && !exists {
			err = h.makeTemplate(ctx, conn, name)
		}
		return errors.Join(err, conn.Close(ctx))
	})
}

// makeTemplate migrates under another name first: a template is whole or absent.
func (h *handle) makeTemplate(ctx context.Context, conn *pgx.Conn, name string) error {
	for _, sql := range []string{"DROP DATABASE IF EXISTS making WITH (FORCE)", "CREATE DATABASE making"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if err := postgres.Migrate(ctx, h.cluster.URL("making")); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, "ALTER DATABASE making RENAME TO "+name)
	return err
}

// templateName is made from the text of all migrations.
func templateName() (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(postgres.Migrations(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(postgres.Migrations(), path)
		fmt.Fprintf(sum, "%s %d\n", path, len(text))
		sum.Write(text)
		return err
	})
	return "tpl_" + hex.EncodeToString(sum.Sum(nil))[:16], err
}
