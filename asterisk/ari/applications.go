package ari

import (
	"context"
	"net/http"

	arilib "github.com/CyCoreSystems/ari/v5"
)

// Application is what Asterisk sends an application events of.
type Application struct {
	Name       string
	ChannelIDs []string
	BridgeIDs  []string
}

// Application reads ours. ErrGone: it is not registered, because no socket is open and it holds nothing.
func (c *Client) Application(ctx context.Context) (Application, error) {
	var wire arilib.ApplicationData
	cmd := get("applications", c.config.App)
	cmd.into = &wire
	if err := c.do(ctx, cmd); err != nil {
		return Application{}, err
	}
	return Application{Name: wire.Name, ChannelIDs: wire.ChannelIDs, BridgeIDs: wire.BridgeIDs}, nil
}

// Subscribe asks for the events of one more source: channel:ID, bridge:ID, endpoint:PJSIP/name,
// deviceState:name. Channels that entered the application, and those it made, are subscribed already.
func (c *Client) Subscribe(ctx context.Context, source string) error {
	return c.subscribe(ctx, c.config.App, source)
}

func (c *Client) subscribe(ctx context.Context, app, source string) error {
	return c.do(ctx, post("applications", app, "subscription").with("eventSource", source))
}

// Unsubscribe takes Subscribe back.
func (c *Client) Unsubscribe(ctx context.Context, source string) error {
	return c.do(ctx, remove("applications", c.config.App, "subscription").with("eventSource", source))
}

// eventType is how the event filter names one.
type eventType struct {
	Type string `json:"type"`
}

// filter asks Asterisk to send an application only these types, or all but these.
func (c *Client) filter(ctx context.Context, app, list string, types []string) error {
	named := make([]eventType, len(types))
	for i, t := range types {
		named[i].Type = t
	}
	return c.do(ctx, command{method: http.MethodPut, path: []string{"applications", app, "eventFilter"},
		body: map[string][]eventType{list: named}})
}

// UserEvent sends an event to an application's socket. ErrGone: it is not registered.
func (c *Client) UserEvent(ctx context.Context, app, name string, variables map[string]string) error {
	cmd := post("events", "user", name).with("application", app)
	if len(variables) > 0 {
		cmd.body = map[string]any{"variables": variables}
	}
	return c.do(ctx, cmd)
}
