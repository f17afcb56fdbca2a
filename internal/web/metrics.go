package web

import (
	"crypto/subtle"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"centralita/internal/fault"
)

type metrics struct {
	registry *prometheus.Registry
	seconds  *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "centralita_http_request_seconds", Help: "Time to answer, by route and class of status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"method", "route", "class"}),
	}
	m.registry.MustRegister(m.seconds, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

var classes = [...]string{"0xx", "1xx", "2xx", "3xx", "4xx", "5xx"}

// observe notes one request. Unknown paths and methods share one label each: what a
// stranger sends must not grow the registry.
func (m *metrics) observe(method, route string, status int, took time.Duration) {
	if route == "" {
		method, route = "any", "unmatched"
	}
	m.seconds.WithLabelValues(method, route, classes[min(max(status/100, 0), 5)]).Observe(took.Seconds())
}

// metricsHandler shows the registry to loopback, or to whoever has the token.
func (s *Server) metricsHandler() http.HandlerFunc {
	show := promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{})
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.mayReadMetrics(r) {
			s.writeError(w, r, fault.New(fault.Forbidden, "forbidden", "Metrics are for the machine itself or for the bearer of the token."))
			return
		}
		show.ServeHTTP(w, r)
	}
}

func (s *Server) mayReadMetrics(r *http.Request) bool {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && s.opts.MetricsToken != "" {
		return subtle.ConstantTimeCompare([]byte(token), []byte(s.opts.MetricsToken)) == 1
	}
	if r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" {
		return false // a proxy on this machine brings strangers
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && net.ParseIP(host).IsLoopback()
}
