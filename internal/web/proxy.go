package web

import (
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"centralita/internal/fault"
)

// SocketProxy returns a handler for Raw that passes websockets, and nothing
// else, on to target (http://host:port/path; ws means the same). The session
// cookie stays here. Sockets live until either side closes them.
func (r *Router) SocketProxy(target *url.URL) http.HandlerFunc {
	scheme := strings.Replace(target.Scheme, "ws", "http", 1)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host, p.Out.URL.Path, p.Out.URL.RawQuery = scheme, target.Host, target.Path, ""
			p.Out.Host = target.Host
			p.Out.Header.Del("Cookie")
			p.Out.Header.Del("Authorization")
			p.Out.Header.Del("Origin")
		},
		Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: 2 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
			ResponseHeaderTimeout: 5 * time.Second,
		},
		ErrorHandler: func(w http.ResponseWriter, req *http.Request, err error) {
			r.WriteError(w, req, fault.Wrap(err, fault.Unavailable, "switch_unavailable", "The telephone switch cannot be reached."))
		},
	}
	return func(w http.ResponseWriter, req *http.Request) {
		if !isUpgrade(req) {
			writeProblem(w, newProblem(req.Context(), http.StatusUpgradeRequired, "upgrade_required", "This address speaks websocket."))
			return
		}
		proxy.ServeHTTP(w, req)
	}
}
