package message

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// errSecondRequest keeps a library's own retry from sending an SMS twice.
var errSecondRequest = errors.New("message: the client tried to repeat a request")

// probe carries a single request to the carrier and notes how far it got.
type probe struct {
	ctx      context.Context
	provider *provider
	used     atomic.Bool

	connected bool // from here on the carrier may have seen it
	status    int
	after     time.Duration
}

// RoundTrip implements http.RoundTripper for one request.
func (p *probe) RoundTrip(req *http.Request) (*http.Response, error) {
	if p.used.Swap(true) {
		return nil, errSecondRequest
	}
	if err := p.ctx.Err(); err != nil {
		return nil, err
	}
	var connected atomic.Bool
	ctx := httptrace.WithClientTrace(p.ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	out := req.Clone(ctx)
	base := p.provider.base
	out.URL.Scheme, out.URL.Host, out.Host = base.Scheme, base.Host, base.Host
	if base.Path != "" && base.Path != "/" {
		out.URL.Path = path.Join(base.Path, out.URL.Path)
	}
	res, err := p.provider.transport.RoundTrip(out)
	p.connected = connected.Load()
	if err != nil {
		return nil, err
	}
	p.status, p.after = res.StatusCode, retryAfter(res.Header.Get("Retry-After"))
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, maxAnswer), res.Body}
	return res, nil
}

// retryAfter reads the header in its form of seconds, at most ten minutes.
func retryAfter(header string) time.Duration {
	n, err := strconv.Atoi(strings.TrimSpace(header))
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(n)*time.Second, maxPause)
}
