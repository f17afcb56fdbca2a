package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"centralita/internal/fault"
)

// KeyHeader is the header by which a program says that a request is the same as
// one that it has sent before, so that it is done once.
const KeyHeader = "Idempotency-Key"

// replayedHeader marks an answer that was given before.
const replayedHeader = "Idempotency-Replayed"

// maxKey bounds a key, in bytes.
const maxKey = 255

// bodyTime is how long a body may take to come in.
const bodyTime = 10 * time.Second

// Asked is a request with a key. Print is the same for the same method, address
// and body.
type Asked struct {
	Key   string
	Print []byte
}

// Answer is what a request was answered.
type Answer struct {
	Status int
	Header http.Header // of the answer itself
	Body   []byte
}

// Answers remembers what requests with a key were answered, for the one who asks
// in ctx. do does the request's work and returns an error when it is refused;
// nothing of it is remembered then, and a second request is judged anew. The
// answer of an earlier request with the same key is returned as replayed without
// do; one with another print is a fault.
type Answers interface {
	// Within runs do in one transaction with the note of its answer. A second
	// request waits for the first. do may be run more than once, each time after
	// whatever it did was rolled back.
	Within(ctx context.Context, a Asked, do func(context.Context) (Answer, error)) (answer Answer, replayed bool, err error)
	// Apart notes that a begins before do runs, at most once, and the answer
	// afterwards. What was begun and has no answer is a fault.
	Apart(ctx context.Context, a Asked, do func(context.Context) (Answer, error)) (answer Answer, replayed bool, err error)
}

// refusal says that a handler, or the checks before it, did not do what was asked.
type refusal struct{ cause error }

// Error tells why.
func (r *refusal) Error() string {
	if r.cause == nil {
		return "refused"
	}
	return "refused: " + r.cause.Error()
}

// Unwrap returns the handler's own error.
func (r *refusal) Unwrap() error { return r.cause }

// Refused reports whether err says that a request was refused in good order, as
// opposed to given up for a reason unknown.
func Refused(err error) bool {
	var r *refusal
	return errors.As(err, &r) && (r.cause == nil || fault.KindOf(r.cause) != fault.Internal)
}

type causeKey struct{}

// tellCause lets the keeper of answers know a handler's error as it was.
func tellCause(ctx context.Context, err error) {
	if at, ok := ctx.Value(causeKey{}).(*error); ok {
		*at = err
	}
}

var (
	errBadKey = fault.New(fault.Invalid, "idempotency_key_invalid", "An idempotency key is 1 to 255 printable ASCII characters.").
			WithField("header."+KeyHeader, "1 to 255 printable ASCII characters")
	errNoKeys = fault.New(fault.Invalid, "idempotency_unsupported", "This request takes no idempotency key: its answer cannot be kept.").
			WithField("header."+KeyHeader, "not taken here")
)

// keyOf returns the key of r, "" for none: of a request that changes nothing it
// means nothing.
func keyOf(r *http.Request, op Op) (string, error) {
	given := r.Header.Values(KeyHeader)
	if len(given) == 0 || op.Permission == Public || r.Method == http.MethodGet || r.Method == http.MethodHead {
		return "", nil
	}
	key := given[0]
	if len(given) > 1 || key == "" || len(key) > maxKey {
		return "", errBadKey
	}
	for i := range len(key) {
		if key[i] < 0x20 || key[i] > 0x7e {
			return "", errBadKey
		}
	}
	return key, nil
}

// takesKey reports whether the answers of op are kept: those of a person's own
// affairs, and those that show a secret, are not.
func (s *Server) takesKey(op Op) bool {
	return s.opts.Answers != nil && op.Permission != Public && op.Permission != Personal && !op.Secret && op.Method != http.MethodGet
}

// once has next do what hc asks unless it was done before, when the request has
// a key.
func (s *Server) once(hc huma.Context, op Op, next func(huma.Context)) {
	c := humagin.Unwrap(hc)
	key, err := keyOf(c.Request, op)
	switch {
	case err != nil:
		s.writeError(c.Writer, c.Request, err)
	case key == "":
		next(hc)
	case !s.takesKey(op):
		s.writeError(c.Writer, c.Request, errNoKeys)
	default:
		s.onceBy(hc, op, key, next)
	}
}

func (s *Server) onceBy(hc huma.Context, op Op, key string, next func(huma.Context)) {
	c := humagin.Unwrap(hc)
	body, err := bodyOf(c, op)
	if err != nil {
		s.writeError(c.Writer, c.Request, err)
		return
	}
	var last Answer
	do := func(ctx context.Context) (Answer, error) {
		last = Answer{}
		var err error
		last, err = record(ctx, hc, body, next)
		return last, err
	}
	keep := s.opts.Answers.Within
	if op.Beyond {
		keep = s.opts.Answers.Apart
	}
	answer, replayed, err := keep(c.Request.Context(), Asked{key, printOf(c.Request, body)}, do)
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		answer = last
	case err != nil:
		s.writeError(c.Writer, c.Request, err)
		return
	}
	if replayed {
		c.Writer.Header().Set(replayedHeader, "true")
	}
	s.give(c, answer)
}

// bodyOf reads the whole body of a request.
func bodyOf(c *gin.Context, op Op) ([]byte, error) {
	limit := op.MaxBody
	if limit == 0 {
		limit = defaultMaxBody
	}
	if err := huma.SetReadDeadline(c.Writer, time.Now().Add(bodyTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, limit))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, newProblem(c.Request.Context(), http.StatusRequestEntityTooLarge, "too_large", "The body is too large.")
	case err != nil:
		return nil, newProblem(c.Request.Context(), http.StatusRequestTimeout, "timeout", "The body did not come in time.")
	}
	return body, nil
}

// printOf is what two requests have in common that ask for the same.
func printOf(r *http.Request, body []byte) []byte {
	h := sha256.New()
	for _, part := range []string{r.Method, r.URL.Path, r.URL.RawQuery} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	h.Write(body)
	return h.Sum(nil)
}

// record runs next in ctx and keeps what it answers, which goes nowhere yet.
func record(ctx context.Context, hc huma.Context, body []byte, next func(huma.Context)) (Answer, error) {
	c := humagin.Unwrap(hc)
	real, asked := c.Writer, c.Request
	defer func() { c.Writer, c.Request = real, asked }()
	var cause error
	into := &recorder{ResponseWriter: real, header: http.Header{}, status: http.StatusOK}
	c.Writer, c.Request = into, asked.WithContext(context.WithValue(ctx, causeKey{}, &cause))
	c.Request.Body = io.NopCloser(bytes.NewReader(body))
	next(hc)
	answer := Answer{Status: into.status, Header: into.header, Body: into.body.Bytes()}
	if answer.Status >= http.StatusBadRequest {
		return answer, &refusal{cause}
	}
	return answer, nil
}

// give sends an answer.
func (s *Server) give(c *gin.Context, a Answer) {
	for name, values := range a.Header {
		c.Writer.Header()[name] = values
	}
	c.Writer.WriteHeader(a.Status)
	if len(a.Body) == 0 {
		c.Writer.WriteHeaderNow()
		return
	}
	if _, err := c.Writer.Write(a.Body); err != nil {
		s.opts.Logger.Debug("answer not delivered", "error", err)
	}
}

// recorder is a ResponseWriter that keeps everything.
type recorder struct {
	gin.ResponseWriter
	header http.Header
	status int
	wrote  bool
	body   bytes.Buffer
}

// Unwrap returns the connection's own writer, for its time limits.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Header returns the headers of the answer itself.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) { r.status = status }

// WriteHeaderNow settles the status.
func (r *recorder) WriteHeaderNow() { r.wrote = true }

// Write keeps a piece of the body.
func (r *recorder) Write(p []byte) (int, error) {
	r.wrote = true
	return r.body.Write(p)
}

// WriteString keeps a piece of the body.
func (r *recorder) WriteString(s string) (int, error) {
	r.wrote = true
	return r.body.WriteString(s)
}

// Status returns the status so far.
func (r *recorder) Status() int { return r.status }

// Size returns the length of the body so far.
func (r *recorder) Size() int { return r.body.Len() }

// Written reports whether anything was.
func (r *recorder) Written() bool { return r.wrote }
