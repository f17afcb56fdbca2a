package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"centralita/internal/fault"
)

// Problem is the body of every error (RFC 9457, application/problem+json).
type Problem struct {
	Type      string         `json:"type" doc:"URI of the sort of problem" example:"urn:centralita:problem:not_found"`
	Title     string         `json:"title" doc:"Name of the HTTP status"`
	Status    int            `json:"status" doc:"HTTP status"`
	Detail    string         `json:"detail" doc:"For people; holds nothing secret"`
	Code      string         `json:"code" doc:"Stable name for programs, snake_case" example:"not_found"`
	RequestID string         `json:"request_id" doc:"Finds the matching line in the server's log"`
	Errors    []ProblemField `json:"errors,omitempty" doc:"The inputs at fault"`
}

// ProblemField is one input at fault.
type ProblemField struct {
	Location string `json:"location" doc:"Path like body.name or query.limit"`
	Message  string `json:"message"`
}

// Error returns the detail; a Problem is an error so that huma passes it on.
func (p *Problem) Error() string { return p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is application/problem+json, whatever was negotiated.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

var statusOf = map[fault.Kind]int{
	fault.Internal: http.StatusInternalServerError, fault.Invalid: http.StatusUnprocessableEntity,
	fault.NotFound: http.StatusNotFound, fault.Forbidden: http.StatusForbidden,
	fault.Unauthenticated: http.StatusUnauthorized, fault.Conflict: http.StatusConflict,
	fault.Limited: http.StatusTooManyRequests, fault.Unavailable: http.StatusServiceUnavailable,
}

// codeOf names the statuses that huma and the router answer by themselves.
var codeOf = map[int]string{
	http.StatusBadRequest: "bad_request", http.StatusUnauthorized: "unauthenticated", http.StatusForbidden: "forbidden",
	http.StatusNotFound: "not_found", http.StatusMethodNotAllowed: "method_not_allowed", http.StatusNotAcceptable: "not_acceptable",
	http.StatusRequestTimeout: "timeout", http.StatusRequestEntityTooLarge: "too_large",
	http.StatusUnsupportedMediaType: "unsupported_media_type", http.StatusUnprocessableEntity: "invalid_input",
	http.StatusUpgradeRequired: "upgrade_required", http.StatusServiceUnavailable: "unavailable",
}

const internalDetail = "Something went wrong on our side. The request id finds it in the log."

func newProblem(ctx context.Context, status int, code, detail string) *Problem {
	if status >= http.StatusInternalServerError && detail == "" {
		detail = internalDetail
	}
	if code == "" {
		code = "internal"
	}
	return &Problem{
		Type: "urn:centralita:problem:" + code, Title: http.StatusText(status), Status: status,
		Detail: detail, Code: code, RequestID: RequestFrom(ctx).ID,
	}
}

// problemOf gives err the shape that may be shown. What is internal is logged
// with its cause and shown as nothing but a request id.
func (s *Server) problemOf(ctx context.Context, err error) *Problem {
	err = s.opts.Classify(err)
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	kind := fault.KindOf(err)
	status := statusOf[kind]
	var f *fault.Error
	known := errors.As(err, &f)
	if status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		s.opts.Logger.ErrorContext(ctx, "request failed", "error", err, "status", status, "request_id", RequestFrom(ctx).ID)
	} else {
		s.opts.Logger.DebugContext(ctx, "request refused", "error", err, "status", status, "request_id", RequestFrom(ctx).ID)
	}
	switch {
	case !known:
		return newProblem(ctx, status, codeOf[status], "")
	case kind == fault.Internal:
		return newProblem(ctx, status, f.Code, "")
	}
	p = newProblem(ctx, status, f.Code, f.Message)
	for path, message := range f.Fields {
		p.Errors = append(p.Errors, ProblemField{Location: path, Message: message})
	}
	slices.SortFunc(p.Errors, func(a, b ProblemField) int { return strings.Compare(a.Location, b.Location) })
	return p
}

// WriteError answers r with err in the one shape of errors; for Raw handlers.
// Call it before anything was written.
func (r *Router) WriteError(w http.ResponseWriter, req *http.Request, err error) {
	r.server.writeError(w, req, err)
}

func (s *Server) writeError(w http.ResponseWriter, r *http.Request, err error) {
	writeProblem(w, s.problemOf(r.Context(), err))
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // a struct of strings
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	if _, err := w.Write(append(text, '\n')); err != nil {
		slog.Debug("problem not delivered", "error", err)
	}
}

// humaProblem replaces huma's own error model. It never echoes a value, which
// may be a password. A path parameter that does not parse is a thing that does
// not exist, told like any other.
func humaProblem(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
	base := context.Background()
	if ctx != nil {
		base = ctx.Context()
	}
	var fields []ProblemField
	for _, err := range errs {
		var d huma.ErrorDetailer
		if !errors.As(err, &d) {
			continue
		}
		detail := d.ErrorDetail()
		if strings.HasPrefix(detail.Location, "path.") {
			return newProblem(base, http.StatusNotFound, "not_found", "There is nothing here.")
		}
		fields = append(fields, ProblemField{Location: detail.Location, Message: detail.Message})
	}
	p := newProblem(base, status, codeOf[status], message)
	if status >= http.StatusInternalServerError {
		p.Detail = internalDetail
	}
	p.Errors = fields
	return p
}
