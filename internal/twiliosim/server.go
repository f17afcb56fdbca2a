package twiliosim

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxMessages bounds what is remembered; the oldest are forgotten.
const maxMessages = 20000

// Options configure a Server. AccountSID and AuthToken are required.
type Options struct {
	AccountSID, AuthToken string
	// WebhookURL is the product's base URL; inbound SMS go to its inbound hook.
	WebhookURL string
	// Statuses are reported for each accepted message; nil: sent, delivered.
	// Empty but not nil: none.
	Statuses []string
	// Pace is the pause before each status callback; 0: none.
	Pace time.Duration
}

// Server is one Twilio. It is an http.Handler; Close waits for its callbacks.
// Safe for concurrent use.
type Server struct {
	opts  Options
	mux   *http.ServeMux
	hooks *http.Client
	epoch int64
	done  chan struct{}
	going sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	requests int
	serial   int
	sent     []Message // in order of acceptance
	queue    []Fault
	decide   func(int, url.Values) Fault
	hidden   bool
}

// New returns a Twilio that has seen nothing yet.
func New(opts Options) *Server {
	if opts.Statuses == nil {
		opts.Statuses = []string{"sent", "delivered"}
	}
	s := &Server{
		opts: opts, mux: http.NewServeMux(), epoch: time.Now().UnixNano(), done: make(chan struct{}),
		hooks: &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute}},
	}
	base := "/2010-04-01/Accounts/{account}/Messages"
	s.mux.HandleFunc("POST "+base+".json", s.authentic(s.create))
	s.mux.HandleFunc("GET "+base+".json", s.authentic(s.visible(s.list)))
	s.mux.HandleFunc("GET "+base+"/{name}", s.authentic(s.visible(s.fetch)))
	s.registerControl()
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close stops the callbacks that wait and returns when none is on its way.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
	s.mu.Unlock()
	s.going.Wait()
	s.hooks.CloseIdleConnections()
}

// Outbox returns every message that was accepted or came in, oldest first.
func (s *Server) Outbox() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

// Requests returns how many requests to send have come, whatever became of them.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// authentic lets only the account's own requests through.
func (s *Server) authentic(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if !same(user, s.opts.AccountSID) || !same(password, s.opts.AuthToken) || r.PathValue("account") != s.opts.AccountSID {
			s.refuse(w, refusal{http.StatusUnauthorized, 20003, "Authenticate"})
			return
		}
		next(w, r)
	}
}

// visible refuses while lists are hidden.
func (s *Server) visible(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		hidden := s.hidden
		s.mu.Unlock()
		if hidden {
			s.refuse(w, refusal{http.StatusServiceUnavailable, 20503, "Service unavailable"})
			return
		}
		next(w, r)
	}
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// create takes a request to send an SMS.
func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		s.refuse(w, refusal{http.StatusBadRequest, 20001, "Bad request"})
		return
	}
	s.mu.Lock()
	s.requests++
	n := s.requests
	s.mu.Unlock()
	fault := s.faultOf(n, r.PostForm)
	if no := check(r.PostForm); no != nil && fault.Kind.accepts() {
		s.refuse(w, *no)
		return
	}
	if !fault.Kind.accepts() {
		s.misbehave(w, r, fault, nil)
		return
	}
	m := s.accept(r.PostForm)
	text, err := json.Marshal(s.resource(m))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if fault.Kind != "" {
		s.misbehave(w, r, fault, text)
		return
	}
	reply(w, http.StatusCreated, text)
}

// accept records a message and sets its callbacks going.
func (s *Server) accept(form url.Values) Message {
	from := form.Get("From")
	if from == "" {
		from = "+15005550006"
	}
	m := s.record(Message{
		Direction: "outbound-api", From: from, To: form.Get("To"), Body: form.Get("Body"),
		Status: "queued", callback: form.Get("StatusCallback"),
	})
	s.report(m)
	return m
}

// record gives m its identifier and time, and remembers it.
func (s *Server) record(m Message) Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	m.SID, m.At = s.sidOf(s.serial), time.Now()
	if len(s.sent) == maxMessages {
		s.sent = slices.Delete(s.sent, 0, maxMessages/10)
	}
	s.sent = append(s.sent, m)
	return m
}

// list answers with the newest messages that match the query.
func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	found := []map[string]any{}
	box := s.Outbox()
	for i := len(box) - 1; i >= 0 && len(found) < 50; i-- {
		m := box[i]
		if matches(q.Get("To"), m.To) && matches(q.Get("From"), m.From) {
			found = append(found, s.resource(m))
		}
	}
	replyValue(w, http.StatusOK, map[string]any{
		"messages": found, "page": 0, "page_size": 50, "start": 0, "end": max(0, len(found)-1),
		"uri": r.URL.RequestURI(), "first_page_uri": r.URL.RequestURI(), "next_page_uri": nil, "previous_page_uri": nil,
	})
}

func matches(wanted, value string) bool { return wanted == "" || wanted == value }

// fetch answers with one message.
func (s *Server) fetch(w http.ResponseWriter, r *http.Request) {
	m, ok := s.message(strings.TrimSuffix(r.PathValue("name"), ".json"))
	if !ok {
		s.refuse(w, refusal{http.StatusNotFound, 20404, "The requested resource was not found"})
		return
	}
	replyValue(w, http.StatusOK, s.resource(m))
}

func (s *Server) message(sid string) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.sent {
		if m.SID == sid {
			return m, true
		}
	}
	return Message{}, false
}
