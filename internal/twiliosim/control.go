package twiliosim

import (
	"encoding/json"
	"html/template"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
)

// registerControl adds what only people and tests on this machine use.
func (s *Server) registerControl() {
	s.mux.HandleFunc("GET /{$}", local(s.page))
	s.mux.HandleFunc("GET /sim/outbox", local(s.outbox))
	s.mux.HandleFunc("POST /sim/inbound", local(s.inbound))
	s.mux.HandleFunc("POST /sim/status", local(s.status))
	s.mux.HandleFunc("POST /sim/faults", local(s.faults))
}

// local refuses requests that name another host than loopback, which is what a
// foreign page's requests do after its name was bound to this address.
func local(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "loopback only", http.StatusForbidden)
			return
		}
		next(w, r)
	}
}

// decode reads a JSON body; false when it has answered already.
func decode(w http.ResponseWriter, r *http.Request, v any) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		http.Error(w, "application/json only", http.StatusUnsupportedMediaType)
		return false
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(v); err != nil {
		http.Error(w, "malformed JSON", http.StatusBadRequest)
		return false
	}
	return true
}

// outbox lists the newest messages, at most limit of them when that is given.
func (s *Server) outbox(w http.ResponseWriter, r *http.Request) {
	box := append([]Message{}, s.Outbox()...)
	slices.Reverse(box)
	if limit, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && limit >= 0 {
		box = box[:min(len(box), limit)]
	}
	replyValue(w, http.StatusOK, map[string]any{"items": box})
}

// inbound sends an SMS to the product, as if from a phone.
func (s *Server) inbound(w http.ResponseWriter, r *http.Request) {
	var in struct{ From, To, Body string }
	if !decode(w, r, &in) {
		return
	}
	m, err := s.Inbound(r.Context(), in.From, in.To, in.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	replyValue(w, http.StatusCreated, m)
}

// status reports a status of a message.
func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	var in struct{ SID, Status string }
	if !decode(w, r, &in) {
		return
	}
	code, err := s.Status(r.Context(), in.SID, in.Status)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	replyValue(w, http.StatusOK, map[string]int{"answer": code})
}

// faults arms faults for the coming requests.
func (s *Server) faults(w http.ResponseWriter, r *http.Request) {
	var in struct{ Faults []Fault }
	if !decode(w, r, &in) {
		return
	}
	for _, f := range in.Faults {
		if !f.Kind.known() {
			http.Error(w, "unknown fault", http.StatusUnprocessableEntity)
			return
		}
	}
	s.Next(in.Faults...)
	w.WriteHeader(http.StatusNoContent)
}

var pageText = template.Must(template.New("page").Parse(`<!doctype html><html lang="en"><meta charset="utf-8">
<meta http-equiv="refresh" content="3"><title>Loopback Twilio</title>
<style>body{font:15px/1.5 system-ui;max-width:44rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
li{list-style:none;margin:0 0 1rem;padding:.7rem 1rem;border:1px solid #8886;border-radius:.7rem}small{opacity:.75}p{white-space:pre-wrap;margin:.2rem 0 0}</style>
<h1>Loopback Twilio</h1><p>SMS that would have left this machine, newest first. Nothing here reaches a real phone.</p>
<ul>{{range .}}<li><small>{{.At.UTC.Format "2006-01-02 15:04:05"}} UTC · {{.Direction}} · {{.From}} → {{.To}} · {{.Status}}</small><p>{{.Body}}</p></li>
{{else}}<li>No SMS yet.</li>{{end}}</ul></html>`))

// page shows the newest messages to a person.
func (s *Server) page(w http.ResponseWriter, _ *http.Request) {
	box := s.Outbox()
	slices.Reverse(box)
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := pageText.Execute(w, box[:min(len(box), 100)]); err != nil {
		slog.Debug("loopback twilio: page", "error", err)
	}
}
