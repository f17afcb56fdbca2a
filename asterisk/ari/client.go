package ari

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Limits of the connection to Asterisk. Its listener's backlog is 10 and it closes an idle
// connection after 15 s, so connections are few, kept, and given up before Asterisk does it.
const (
	defaultTimeout  = 3 * time.Second
	maxConnections  = 64
	idleConnTimeout = 10 * time.Second
	maxReplyBytes   = 32 << 20
)

// Config says which Asterisk to talk to, and as whom.
type Config struct {
	// URL of the interface, for example http://127.0.0.1:8188/ari.
	URL string
	// Username and Password of a user in Asterisk's ari.conf.
	Username, Password string
	// App is the application's name: events come for it, created channels enter it. No commas.
	// Of two processes with the same name the later one silences the earlier.
	App string
	// Timeout of a command; 3 s when zero.
	Timeout time.Duration
	// Log receives what nobody can act upon; slog's default when nil.
	Log *slog.Logger
}

// Client sends commands to one Asterisk. Safe for use by many goroutines. Make it with New.
type Client struct {
	base    *url.URL
	config  Config
	http    *http.Client
	dialer  *net.Dialer
	timeout time.Duration
	pace    pace
	log     *slog.Logger
}

// New checks the configuration and makes a Client. It does not connect.
func New(config Config) (*Client, error) {
	base, err := url.Parse(strings.TrimSuffix(config.URL, "/"))
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fmt.Errorf("ari: %q is not the URL of an ARI", config.URL)
	}
	if config.App == "" || strings.ContainsAny(config.App, ",& \t\r\n") {
		return nil, fmt.Errorf("ari: %q is not an application name", config.App)
	}
	c := &Client{base: base, config: config, timeout: config.Timeout, pace: usualPace, log: config.Log}
	if c.timeout == 0 {
		c.timeout = defaultTimeout
	}
	if c.log == nil {
		c.log = slog.Default()
	}
	c.dialer = &net.Dialer{Timeout: c.timeout, KeepAlive: 5 * time.Second}
	c.http = &http.Client{Transport: &http.Transport{
		DialContext:           c.dialer.DialContext,
		MaxIdleConnsPerHost:   maxConnections,
		MaxConnsPerHost:       maxConnections,
		IdleConnTimeout:       idleConnTimeout,
		ResponseHeaderTimeout: c.timeout,
	}}
	return c, nil
}

// App is the application's name.
func (c *Client) App() string { return c.config.App }

// Close drops the idle connections. Commands under way are not disturbed.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// command is one request to Asterisk.
type command struct {
	method string
	path   []string // segments, escaped on sending
	query  url.Values
	body   any   // JSON; nil for none
	kinds  kinds // what statuses mean here, where it differs from commonKinds
	into   any   // where the answer's JSON goes; nil to drop it
}

// post, get and remove save the three common commands their field names.
func post(path ...string) command   { return command{method: http.MethodPost, path: path} }
func get(path ...string) command    { return command{method: http.MethodGet, path: path} }
func remove(path ...string) command { return command{method: http.MethodDelete, path: path} }

// with adds a query parameter, unless its value is empty.
func (cmd command) with(name, value string) command {
	if value == "" {
		return cmd
	}
	if cmd.query == nil {
		cmd.query = url.Values{}
	}
	cmd.query.Set(name, value)
	return cmd
}

// do sends the command and reads the whole answer, so that the connection can be used again.
func (c *Client) do(ctx context.Context, cmd command) error {
	op := cmd.method + " /" + strings.Join(cmd.path, "/")
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := c.request(ctx, cmd)
	if err != nil {
		return &Error{Op: op, Kind: ErrBadRequest, Message: err.Error()}
	}
	response, err := c.http.Do(request)
	if err != nil {
		return &Error{Op: op, Kind: ErrUnreachable, Message: cause(err)}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxReplyBytes))
	if err != nil {
		return &Error{Op: op, Kind: ErrUnreachable, Message: cause(err)}
	}
	if response.StatusCode >= 300 {
		return &Error{Op: op, Status: response.StatusCode, Message: messageOf(body), Kind: kindOf(response.StatusCode, cmd.kinds)}
	}
	if cmd.into == nil {
		return nil
	}
	if err := json.Unmarshal(clean(body), cmd.into); err != nil && !tolerable(err) {
		return &Error{Op: op, Status: response.StatusCode, Message: err.Error(), Kind: ErrServer}
	}
	return nil
}

// request makes the HTTP request of a command.
func (c *Client) request(ctx context.Context, cmd command) (*http.Request, error) {
	segments := make([]string, len(cmd.path))
	for i, segment := range cmd.path {
		if segment == "" || segment == "." || segment == ".." {
			return nil, errors.New("empty or relative path segment")
		}
		segments[i] = url.PathEscape(segment)
	}
	target := c.base.String() + "/" + strings.Join(segments, "/")
	if len(cmd.query) > 0 {
		target += "?" + cmd.query.Encode()
	}
	var body io.Reader
	if cmd.body != nil {
		encoded, err := json.Marshal(cmd.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, cmd.method, target, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	request.SetBasicAuth(c.config.Username, c.config.Password)
	return request, nil
}

// cause strips the URL, which may hold numbers of people, from a transport error.
func cause(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err.Error()
	}
	return err.Error()
}

// messageOf finds Asterisk's words in an error body, which may be JSON, HTML or nothing.
func messageOf(body []byte) string {
	var reply struct{ Message, Error string }
	if json.Unmarshal(body, &reply) == nil && reply.Message+reply.Error != "" {
		return reply.Message + reply.Error
	}
	const longest = 200
	return strings.ToValidUTF8(string(body[:min(len(body), longest)]), "?")
}
