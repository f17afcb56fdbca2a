package web

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// checkTimeout bounds each readiness check.
const checkTimeout = 2 * time.Second

// health is the list of components that /readyz asks.
type health struct{ checks []check }

type check struct {
	name     string
	critical bool
	probe    func(context.Context) error
}

// ComponentState is one component in the reply of /readyz.
type ComponentState struct {
	State string `json:"state"` // up or down
	Error string `json:"error,omitempty"`
}

// Readiness is the reply of /readyz: ready, degraded (something is down that
// work goes on without) or down, with 503.
type Readiness struct {
	Status     string                    `json:"status"`
	Components map[string]ComponentState `json:"components"`
}

// AddCheck has /readyz ask probe, which must honour its context. A critical
// component that is down makes the instance not ready. The probe's error text is
// shown to whoever may see /readyz: keep secrets out. Call it before Serve.
func (s *Server) AddCheck(name string, critical bool, probe func(context.Context) error) {
	s.health.checks = append(s.health.checks, check{name, critical, probe})
}

// Ready asks all components at once.
func (s *Server) Ready(ctx context.Context) Readiness {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	r := Readiness{Status: "ready", Components: map[string]ComponentState{}}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, c := range s.health.checks {
		all.Go(func() {
			err := c.probe(ctx)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				r.Components[c.name] = ComponentState{State: "up"}
				return
			}
			r.Components[c.name] = ComponentState{State: "down", Error: err.Error()}
			switch {
			case c.critical:
				r.Status = "down"
			case r.Status == "ready":
				r.Status = "degraded"
			}
		})
	}
	all.Wait()
	if s.stopping.Load() {
		r.Status = "down"
	}
	return r
}

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	state := s.Ready(r.Context())
	status := http.StatusOK
	if state.Status == "down" {
		status = http.StatusServiceUnavailable
	}
	s.writeJSON(w, status, state)
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	s.writeJSON(w, http.StatusOK, map[string]string{"status": "ok", "version": s.opts.Version})
}

func (s *Server) writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header()["Cache-Control"] = noStore
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		s.opts.Logger.Debug("reply not delivered", "error", err)
	}
}
