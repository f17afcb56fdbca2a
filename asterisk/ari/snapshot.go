package ari

import (
	"context"
	"errors"
	"time"

	arilib "github.com/CyCoreSystems/ari/v5"
)

// Info identifies the Asterisk process that answers.
type Info struct {
	Version  string
	EntityID string // as in asterisk.conf
	// Started is the process's start, in whole seconds or milliseconds. When it has changed, every call of before is dead.
	Started time.Time
}

// Info reads who answers.
func (c *Client) Info(ctx context.Context) (Info, error) {
	var wire struct {
		System arilib.SystemInfo `json:"system"`
		Status struct {
			StartupTime string `json:"startup_time"`
		} `json:"status"`
	}
	cmd := get("asterisk", "info")
	cmd.into = &wire
	if err := c.do(ctx, cmd); err != nil {
		return Info{}, err
	}
	return Info{Version: wire.System.Version, EntityID: wire.System.EntityID, Started: parseTime(wire.Status.StartupTime)}, nil
}

// Ping asks whether Asterisk answers commands. It proves nothing of the event socket.
func (c *Client) Ping(ctx context.Context) error { return c.do(ctx, get("asterisk", "ping")) }

// GlobalVariable reads a global variable of the dialplan; "" where it is not set.
func (c *Client) GlobalVariable(ctx context.Context, name string) (string, error) {
	var reply struct{ Value string }
	cmd := get("asterisk", "variable").with("variable", name)
	cmd.into = &reply
	if err := c.do(ctx, cmd); err != nil {
		return "", err
	}
	return reply.Value, nil
}

// SetGlobalVariable sets a global variable of the dialplan.
func (c *Client) SetGlobalVariable(ctx context.Context, name, value string) error {
	cmd := post("asterisk", "variable").with("variable", name)
	cmd.query.Set("value", value)
	return c.do(ctx, cmd)
}

// Snapshot is everything alive in an Asterisk, read after Taken began. Its parts are read one after
// another, so a channel may have ended or begun between them; events tell.
type Snapshot struct {
	Taken     time.Time
	Info      Info
	Channels  []Channel
	Bridges   []Bridge
	Endpoints []Endpoint
	// Ours are the IDs of the channels whose events our application gets.
	Ours []string
}

// Snapshot reads what is alive. Take one after every Connected.
func (c *Client) Snapshot(ctx context.Context) (Snapshot, error) {
	s := Snapshot{Taken: time.Now()}
	var err error
	if s.Info, err = c.Info(ctx); err != nil {
		return Snapshot{}, err
	}
	app, err := c.Application(ctx)
	if err != nil && !errors.Is(err, ErrGone) {
		return Snapshot{}, err
	}
	s.Ours = app.ChannelIDs
	if s.Channels, err = c.Channels(ctx); err != nil {
		return Snapshot{}, err
	}
	if s.Bridges, err = c.Bridges(ctx); err != nil {
		return Snapshot{}, err
	}
	if s.Endpoints, err = c.Endpoints(ctx); err != nil {
		return Snapshot{}, err
	}
	return s, nil
}
