// Package ws is the live socket on gorilla/websocket. It admits only requests
// that an authenticated page of an allowed origin makes, takes no token from the
// query, and offers no compression, so that nothing a client sends can unfold.
//
// Each connection has a goroutine that reads and one that writes. A write that
// is stuck for ten seconds, a client whose pongs stay out for forty, and one that
// sends more bytes or control frames than a person's browser ever would, end the
// connection. The hub decides everything else.
package ws

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"centralita/internal/fault"
	"centralita/realtime"
)

// Options of a Handler. The zero value is good for production.
type Options struct {
	// AllowedOrigins are origins like "https://crm.example.com" that may connect
	// besides the host that the request names.
	AllowedOrigins []string
	PingEvery      time.Duration // default 15 s
	DeadAfter      time.Duration // without any pong or message; default 40 s
	WriteWithin    time.Duration // one frame; default 10 s
	Logger         *slog.Logger
}

type handler struct {
	hub      *realtime.Hub
	who      func(*http.Request) (realtime.Peer, error)
	opts     Options
	upgrader websocket.Upgrader
}

// Handler returns the handler of the live socket. who tells the user and the
// session of a request; its error, or an unknown peer, is answered by 401. The
// handler returns when the connection is over.
func Handler(hub *realtime.Hub, who func(*http.Request) (realtime.Peer, error), opts Options) http.HandlerFunc {
	opts.PingEvery = orDefault(opts.PingEvery, 15*time.Second)
	opts.DeadAfter = orDefault(opts.DeadAfter, 40*time.Second)
	opts.WriteWithin = orDefault(opts.WriteWithin, 10*time.Second)
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	h := &handler{hub: hub, who: who, opts: opts}
	h.upgrader = websocket.Upgrader{
		HandshakeTimeout: 5 * time.Second,
		// A size of its own makes gorilla read through the guard, see guard.go.
		ReadBufferSize: 1024, WriteBufferSize: 4096, WriteBufferPool: &sync.Pool{},
		CheckOrigin: h.originAllowed,
	}
	return h.serve
}

func orDefault(v, otherwise time.Duration) time.Duration {
	if v == 0 {
		return otherwise
	}
	return v
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request) {
	peer, err := h.who(r)
	if err != nil || peer.UserID == 0 {
		refuse(w, err)
		return
	}
	if r.URL.RawQuery != "" {
		http.Error(w, "the live socket takes no query", http.StatusBadRequest)
		return
	}
	conn, err := h.upgrader.Upgrade(&guardedWriter{ResponseWriter: w}, r, nil)
	if err != nil { // Upgrade has answered
		return
	}
	c := newConnection(conn, h.opts)
	defer c.hangUp()
	// Only now: a request that is no upgrade, or comes from a foreign page, must
	// not push out another tab.
	socket, err := h.hub.Open(peer)
	if err != nil {
		c.writeClose(realtime.CloseTryAgain)
		return
	}
	defer socket.Leave()
	c.run(r.Context(), socket)
}

func refuse(w http.ResponseWriter, err error) {
	status := http.StatusUnauthorized
	if fault.KindOf(err) == fault.Unavailable {
		status = http.StatusServiceUnavailable
	}
	http.Error(w, http.StatusText(status), status)
}

// originAllowed demands an Origin header: every browser sends one, and nothing
// but a browser carries another person's cookie.
func (h *handler) originAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if slices.Contains(h.opts.AllowedOrigins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	return strings.EqualFold(u.Host, r.Host)
}
