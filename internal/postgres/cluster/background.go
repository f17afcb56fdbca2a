package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
)

// CreateDatabase makes the database called name on the running server, unless it exists.
func (c *Cluster) CreateDatabase(ctx context.Context, name string) (err error) {
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists); err != nil || exists {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	return err
}

// StartBackground runs the server detached from this process and returns when
// it answers. Its log is beside the data directory. For tests and one-off
// commands; a product instance is supervised through Server instead.
func (c *Cluster) StartBackground(ctx context.Context) error {
	if err := c.Heal(ctx); err != nil {
		return err
	}
	quoted := make([]string, 0, 16)
	for _, a := range c.Args()[2:] {
		quoted = append(quoted, "'"+strings.ReplaceAll(a, "'", `'\''`)+"'")
	}
	log := filepath.Join(filepath.Dir(c.Dir), "postgres.log")
	cmd := c.command(ctx, "pg_ctl", "start", "-w", "-t", "60", "-D", c.Dir, "-l", log, "-o", strings.Join(quoted, " "))
	if err := cmd.Run(); err != nil {
		text, readErr := os.ReadFile(log)
		if readErr != nil {
			text = []byte(readErr.Error())
		}
		return fmt.Errorf("start PostgreSQL: %w: %s", err, bytes.TrimSpace(text[max(0, len(text)-2000):]))
	}
	return nil
}

// StopBackground stops what StartBackground started, cutting open sessions.
func (c *Cluster) StopBackground(ctx context.Context) error {
	if out, err := c.command(ctx, "pg_ctl", "stop", "-w", "-m", "fast", "-D", c.Dir).CombinedOutput(); err != nil {
		return fmt.Errorf("stop PostgreSQL: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}
