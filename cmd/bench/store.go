package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/jackc/pgx/v5"

	"centralita/internal/postgres/cluster"
)

// migrations are read for the key of the cache: a client base is of one schema.
const migrations = "internal/postgres/migrations/*.sql"

// Databases of the bench's cluster: the client base as loaded, and the copy of
// it that a run works on.
const (
	baseName = "base"
	runName  = "bench"
)

const port = 15460

// settings are those of the product's own cluster on a single machine.
var settings = map[string]string{
	"shared_buffers": "128MB", "max_connections": "100", "log_min_messages": "warning", "log_checkpoints": "off",
}

// store is the cached PostgreSQL cluster, running.
type store struct {
	cluster *cluster.Cluster
	server  *child
}

// openStore starts the cluster of this schema and size, loading the client base
// the first time, and gives the run a fresh copy.
func openStore(ctx context.Context, o options) (s *store, err error) {
	key, err := cacheKey(o.clients)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(o.cache, key)
	if o.fresh {
		if err := os.RemoveAll(dir); err != nil {
			return nil, err
		}
	}
	if err := makeRoom(o.cache, dir, o.clients); err != nil {
		return nil, err
	}
	bin, err := cluster.Find()
	if err != nil {
		return nil, err
	}
	s = &store{cluster: &cluster.Cluster{
		Bin: bin, Dir: filepath.Join(dir, "postgres", "data"), Port: port, Password: password, Settings: settings,
	}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if err = s.start(ctx); err != nil {
		return s, err
	}
	if err = s.load(ctx, filepath.Join(dir, "loaded"), o.clients); err != nil {
		return s, fmt.Errorf("client base: %w", err)
	}
	progress("copying the client base")
	return s, s.copy(ctx)
}

// cacheKey names a client base by its schema, its loader and its size.
func cacheKey(clients int) (string, error) {
	files, err := filepath.Glob(migrations)
	if err != nil {
		return "", err
	}
	if len(files) == 0 {
		return "", fmt.Errorf("%s: nothing there; run it from the root of the repository", migrations)
	}
	hash := sha256.New()
	fmt.Fprintln(hash, baseVersion)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(hash, "%s %d\n%s", filepath.Base(file), len(text), text)
	}
	return fmt.Sprintf("%d-%x", clients, hash.Sum(nil)[:6]), nil
}

// makeRoom makes dir, which the server's user must be able to enter, and removes
// bases of the same size and another schema.
func makeRoom(cache, dir string, clients int) error {
	old, err := filepath.Glob(filepath.Join(cache, fmt.Sprintf("%d-*", clients)))
	if err != nil {
		return err
	}
	for _, other := range old {
		if other != dir {
			if err := os.RemoveAll(other); err != nil {
				return err
			}
		}
	}
	return os.MkdirAll(dir, 0o711)
}

func (s *store) start(ctx context.Context) error {
	if err := s.cluster.Init(ctx); err != nil {
		return err
	}
	if err := s.cluster.Heal(ctx); err != nil {
		return err
	}
	var err error
	if s.server, err = launch(s.cluster.Server(), syscall.SIGINT); err != nil {
		return err
	}
	return within(ctx, startLimit, func() error {
		select {
		case <-s.server.exited:
			return final{fmt.Errorf("PostgreSQL ended: %s", s.server.said)}
		default:
		}
		return s.admin(ctx, "select 1")
	})
}

// admin runs statements outside the databases of the bench.
func (s *store) admin(ctx context.Context, statements ...string) error {
	conn, err := pgx.Connect(ctx, s.cluster.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// load fills the base unless the mark says that it is full.
func (s *store) load(ctx context.Context, mark string, clients int) error {
	if _, err := os.Stat(mark); err == nil {
		return nil
	}
	progress("loading %d clients; once, then they are kept", clients)
	if err := s.admin(ctx, "drop database if exists "+baseName+" with (force)"); err != nil {
		return err
	}
	if err := s.cluster.CreateDatabase(ctx, baseName); err != nil {
		return err
	}
	if err := fill(ctx, s.cluster.URL(baseName), clients); err != nil {
		return err
	}
	return os.WriteFile(mark, nil, 0o600)
}

// copy makes the run's database, with the peers' tables.
func (s *store) copy(ctx context.Context) error {
	err := s.admin(ctx, "drop database if exists "+runName+" with (force)",
		"create database "+runName+" template "+baseName+" strategy file_copy", "checkpoint")
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, s.url())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sqlPeerTables)
	return err
}

func (s *store) url() string { return s.cluster.URL(runName) }

func (s *store) version() string {
	out, err := exec.Command(s.cluster.Bin.Path("postgres"), "--version").Output()
	if err != nil {
		return "PostgreSQL"
	}
	return string(out)
}

func (s *store) close() error {
	if s.server == nil {
		return nil
	}
	return s.server.end(syscall.SIGINT, stopLimit)
}
