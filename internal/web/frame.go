package web

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"centralita/internal/fault"
)

// Request is what a handler may know of the request beyond its typed input.
type Request struct {
	ID        string // also in X-Request-ID and in every error
	ClientIP  string // without port; X-Forwarded-For counts only from trusted proxies
	UserAgent string // as sent, at most 256 bytes
	Secure    bool   // the browser speaks https
}

type requestKey struct{}

// RequestFrom returns the request that ctx belongs to; the zero value outside one.
func RequestFrom(ctx context.Context) Request {
	if r, ok := ctx.Value(requestKey{}).(*Request); ok {
		return *r
	}
	return Request{}
}

// frame surrounds every request: identity, headers, cross-site check, panics
// and measurement.
func (s *Server) frame(c *gin.Context) {
	start := time.Now()
	info := s.describe(c)
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), requestKey{}, info))
	api := strings.HasPrefix(c.Request.URL.Path, "/api/") && c.Request.URL.Path != referencePage
	s.setHeaders(c.Writer.Header(), info, api)
	defer func() {
		if r := recover(); r != nil {
			s.recovered(c, r)
		}
		s.metrics.observe(c.Request.Method, c.FullPath(), c.Writer.Status(), time.Since(start))
	}()
	if err := s.refuse(c.Request); err != nil {
		s.writeError(c.Writer, c.Request, err)
		c.Abort()
		return
	}
	c.Next()
}

// describe reads who asks.
func (s *Server) describe(c *gin.Context) *Request {
	agent := c.Request.UserAgent()
	secure := c.Request.TLS != nil || s.opts.PublicURL != nil && s.opts.PublicURL.Scheme == "https"
	return &Request{
		ID: requestID(c.Request.Header.Get("X-Request-ID")), ClientIP: c.ClientIP(),
		UserAgent: agent[:min(len(agent), 256)], Secure: secure,
	}
}

// requestID keeps a well-formed id that a proxy gave and makes one otherwise.
func requestID(given string) string {
	if given == "" || len(given) > 64 || strings.ContainsFunc(given, notIDRune) {
		return strconv.FormatUint(rand.Uint64()|1<<63, 16)
	}
	return given
}

func notIDRune(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

// refuse turns away what no handler should see: requests that another site
// makes a browser send, and query text that no database can hold.
func (s *Server) refuse(r *http.Request) error {
	if err := s.checkOrigin(r); err != nil {
		return err
	}
	if strings.IndexByte(r.URL.Path, 0) >= 0 {
		return fault.New(fault.NotFound, "not_found", "There is nothing here.")
	}
	if strings.IndexByte(r.URL.RawQuery, '%') < 0 {
		return nil
	}
	q, err := url.QueryUnescape(r.URL.RawQuery)
	if err != nil || !utf8.ValidString(q) || strings.IndexByte(q, 0) >= 0 {
		return fault.New(fault.Invalid, "invalid_input", "The query holds text that is not UTF-8.")
	}
	return nil
}

// checkOrigin refuses unsafe methods and websocket handshakes of other origins.
func (s *Server) checkOrigin(r *http.Request) error {
	probe := r
	if isUpgrade(r) {
		unsafe := *r
		unsafe.Method = http.MethodPost
		probe = &unsafe
	}
	if err := s.cross.Check(probe); err != nil {
		return fault.Wrap(err, fault.Forbidden, "cross_origin", "Requests from other sites are refused.")
	}
	return nil
}

func isUpgrade(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// recovered turns a panic into a 500 that tells nothing; the log gets it all.
func (s *Server) recovered(c *gin.Context, r any) {
	if err, ok := r.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(r)
	}
	s.opts.Logger.Error("panic in a handler", "panic", r, "route", c.FullPath(),
		"request_id", RequestFrom(c.Request.Context()).ID, "stack", string(debug.Stack()))
	c.Abort()
	if !c.Writer.Written() {
		writeProblem(c.Writer, newProblem(c.Request.Context(), http.StatusInternalServerError, "internal", ""))
	}
}
