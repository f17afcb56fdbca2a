// Package web is the way in from the browser: the only home of Gin and huma.
//
// It owns the order of things for every request: a request id, security
// headers, the cross-site check, the permission gate, decoding and validation,
// the handler, and the one shape of an error. A route that declares no
// permission cannot be registered. It turns fault kinds into statuses; nobody
// else knows a status. It knows no room: who may do what is the Gate's.
package web

import (
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
)

// Permission names a right that a route asks for.
type Permission string

// The permissions that web itself understands; all others are the Gate's.
const (
	Public   Permission = "public"    // anybody, without a session
	SignedIn Permission = "signed_in" // any valid session or token
	Personal Permission = "personal"  // any valid session of a browser: a person's own affairs
)

// Options configure a Server. Gate is required unless every route is Public; a
// Gate that is a Keeper is asked as one.
type Options struct {
	Title, Version string
	Gate           Gate
	// PublicURL is the origin that browsers use, like https://crm.example.com;
	// with https, cookies are Secure. Nil: whatever host the request names.
	PublicURL *url.URL
	// TrustedProxies may tell the client's address by X-Forwarded-For.
	TrustedProxies []netip.Prefix
	// MetricsToken opens /metrics to others than loopback; empty: nobody else.
	MetricsToken string
	// Static is the built web app with index.html in its root; nil: none.
	Static fs.FS
	// Classify may turn infrastructure errors into faults; nil: identity.
	Classify func(error) error
	// Answers remembers what requests with an Idempotency-Key were answered; nil:
	// such requests are refused.
	Answers Answers
	// RequestTimeout bounds a typed handler; 0: 5 s.
	RequestTimeout time.Duration
	Logger         *slog.Logger
}

// Server is the whole HTTP face of a process. Register routes on its Router
// before Serve; the handler may be used on its own in tests.
type Server struct {
	opts     Options
	keeper   Keeper // nil when the Gate is none
	engine   *gin.Engine
	router   *Router
	cross    *http.CrossOriginProtection
	metrics  *metrics
	health   health
	stopping atomic.Bool
	onStop   []func()
}

// New returns a server with the routes that every instance has: /healthz,
// /readyz, /metrics, /api/openapi.json and the static app.
func New(opts Options) *Server {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	if opts.Classify == nil {
		opts.Classify = func(err error) error { return err }
	}
	if opts.RequestTimeout == 0 {
		opts.RequestTimeout = 5 * time.Second
	}
	gin.SetMode(gin.ReleaseMode)
	s := &Server{opts: opts, engine: gin.New(), metrics: newMetrics(), cross: http.NewCrossOriginProtection()}
	if opts.PublicURL != nil {
		if err := s.cross.AddTrustedOrigin(opts.PublicURL.Scheme + "://" + opts.PublicURL.Host); err != nil {
			panic("web: public url: " + err.Error())
		}
	}
	s.keeper, _ = opts.Gate.(Keeper)
	s.engine.HandleMethodNotAllowed = true
	s.engine.RedirectTrailingSlash = false
	proxies := make([]string, len(opts.TrustedProxies))
	for i, p := range opts.TrustedProxies {
		proxies[i] = p.String()
	}
	if err := s.engine.SetTrustedProxies(proxies); err != nil {
		panic("web: trusted proxies: " + err.Error())
	}
	s.engine.Use(s.frame)
	s.router = newRouter(s)
	s.registerOwn()
	return s
}

// Router returns where modules register their routes.
func (s *Server) Router() *Router { return s.router }

// Registry returns the metrics that /metrics shows, for modules to add theirs.
func (s *Server) Registry() *prometheus.Registry { return s.metrics.registry }

// Handler returns the complete handler.
func (s *Server) Handler() http.Handler { return s.engine }

// OnShutdown has fn called when Serve begins to stop, before it waits for
// requests: hijacked connections are for their owners to close.
func (s *Server) OnShutdown(fn func()) { s.onStop = append(s.onStop, fn) }
