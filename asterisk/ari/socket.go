package ari

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

const (
	maxMessageBytes = 4 << 20
	heartbeat       = "centralita-heartbeat"
	watchPrefix     = "watch-"
)

var errHeartLost = errors.New("heartbeat lost: Asterisk answers no more on the event socket")

// socket is one connection of the event socket.
type socket struct {
	stream *Stream
	conn   *websocket.Conn
	epoch  uint64
	beat   atomic.Int64 // when the last heartbeat came back, Unix nanoseconds
	reason atomic.Pointer[error]

	changes [64]change // of channels, the last ones; the reader's own
	next    int
}

// session connects, prepares and reads until the connection ends. The error says why.
func (s *Stream) session(ctx context.Context) error {
	conn, err := s.dial(ctx)
	if err != nil {
		return err
	}
	k := &socket{stream: s, conn: conn}
	ctx, cancel := context.WithCancel(ctx)
	watched := make(chan struct{})
	defer func() { cancel(); <-watched }()
	defer conn.Close()
	go func() {
		defer close(watched)
		<-ctx.Done()
		conn.Close()
	}()
	if err := s.prepare(ctx); err != nil {
		return err
	}
	k.epoch = s.began()
	k.beat.Store(time.Now().UnixNano())
	go k.keepAlive(ctx)
	return k.read()
}

// dial opens the websocket for our application and for the one that watches endpoints.
func (s *Stream) dial(ctx context.Context) (*websocket.Conn, error) {
	c := s.client
	target := *c.base
	target.Scheme = "ws" + strings.TrimPrefix(c.base.Scheme, "http")
	target.Path += "/events"
	target.RawQuery = url.Values{"app": {c.config.App + "," + watchPrefix + c.config.App}}.Encode()
	dialer := websocket.Dialer{NetDialContext: c.dialer.DialContext, HandshakeTimeout: c.timeout, ReadBufferSize: 64 << 10}
	credentials := base64.StdEncoding.EncodeToString([]byte(c.config.Username + ":" + c.config.Password))
	conn, response, err := dialer.DialContext(ctx, target.String(), http.Header{"Authorization": {"Basic " + credentials}})
	if err != nil {
		failed := &Error{Op: "websocket /events", Kind: ErrUnreachable, Message: err.Error()}
		if response != nil {
			failed.Status, failed.Kind = response.StatusCode, kindOf(response.StatusCode, nil)
		}
		return nil, failed
	}
	conn.SetReadLimit(maxMessageBytes)
	return conn, nil
}

// prepare tells Asterisk what to send: all but the noise to our application, and nothing but
// the endpoints' comings and goings, and those of their channels that have not entered an application
// yet, to the watching one. Of a channel in our application both tell the same.
func (s *Stream) prepare(ctx context.Context) error {
	c := s.client
	watch := watchPrefix + c.config.App
	steps := []func() error{
		func() error {
			return c.filter(ctx, c.config.App, "disallowed", []string{channelVarset, channelDialplan})
		},
		func() error {
			return c.filter(ctx, watch, "allowed", []string{ContactStatusChange, EndpointStateChange, ChannelStateChange, ChannelDestroyed, applicationReplaced})
		},
		func() error { return c.subscribe(ctx, watch, "endpoint:PJSIP") },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("preparing the event socket: %w", err)
		}
	}
	return nil
}

// read takes messages from the connection as fast as they come. It waits for nothing else.
func (k *socket) read() error {
	alive := func() { _ = k.conn.SetReadDeadline(time.Now().Add(k.stream.pace.silence)) }
	k.conn.SetPongHandler(func(string) error { alive(); return nil })
	for {
		alive()
		_, raw, err := k.conn.ReadMessage()
		if err != nil {
			if reason := k.reason.Load(); reason != nil {
				return *reason
			}
			return err
		}
		if err := k.accept(raw); err != nil {
			return err
		}
	}
}

// accept queues one message. Its only error is ErrReplaced.
func (k *socket) accept(raw []byte) error {
	s := k.stream
	event, app, err := decode(raw)
	if err != nil {
		s.log.malformed(err)
		return nil
	}
	if event.Type == applicationReplaced {
		return ErrReplaced
	}
	if event.Type == ChannelUserevent && event.Name == heartbeat {
		k.beat.Store(time.Now().UnixNano())
		return nil
	}
	if !known[event.Type] {
		s.log.unknown(event.Type)
		return nil
	}
	if ignored[event.Type] || (strings.HasPrefix(app, watchPrefix) && !watched[event.Type]) {
		return nil
	}
	if k.told(event) {
		return nil
	}
	event.Received, event.Epoch = time.Now(), k.epoch
	s.counted()
	s.queue.put(event)
	return nil
}

// told reports whether the event has come before: what becomes of a channel in our application is told to the watching
// one, too, at much the same moment.
func (k *socket) told(e Event) bool {
	if e.Type != ChannelStateChange && e.Type != ChannelDestroyed || e.Time.IsZero() {
		return false
	}
	this := change{e.Type, e.Channel.ID, e.Channel.State, e.Time}
	if slices.Contains(k.changes[:], this) {
		return true
	}
	k.changes[k.next%len(k.changes)] = this
	k.next++
	return false
}

// change tells one event of a channel from another.
type change struct {
	event, channel, state string
	at                    time.Time
}

// keepAlive pings, and sends a user event through Asterisk's own event path: a ping alone would
// be answered also where events have ceased.
func (k *socket) keepAlive(ctx context.Context) {
	pings, beats := time.NewTicker(k.stream.pace.ping), time.NewTicker(k.stream.pace.beat)
	defer pings.Stop()
	defer beats.Stop()
	c := k.stream.client
	for {
		select {
		case <-ctx.Done():
			return
		case <-pings.C:
			_ = k.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(c.timeout))
		case <-beats.C:
			// Its failure shows as a beat that does not come back.
			_ = c.UserEvent(ctx, c.config.App, heartbeat, nil)
			if time.Since(time.Unix(0, k.beat.Load())) > k.stream.pace.beatLost {
				k.reason.Store(&errHeartLost)
				k.conn.Close()
				return
			}
		}
	}
}
