// Package fault is the one shape of an expected failure: a kind, a stable code
// and a message that is safe to show to anybody. The cause stays inside for the
// log; nothing of it may reach a client. The package knows no transport: the
// kinds are turned into HTTP statuses in internal/web alone.
package fault

import (
	"context"
	"errors"
	"fmt"
)

// Kind says what sort of failure it is; the zero value is Internal.
type Kind int

// The kinds, with the HTTP status that internal/web gives them.
const (
	Internal        Kind = iota // 500: a defect of ours; the message shown is always generic
	Invalid                     // 422: the input is understood and refused
	NotFound                    // 404: absent, or not visible to the one who asks
	Forbidden                   // 403: signed in, without the right
	Unauthenticated             // 401: not signed in
	Conflict                    // 409: the state of the thing forbids it now
	Limited                     // 429: too often
	Unavailable                 // 503: a part that is needed is down; worth retrying
)

var kindNames = [...]string{"internal", "invalid", "not_found", "forbidden", "unauthenticated", "conflict", "limited", "unavailable"}

// String returns the kind's snake_case name, for logs and tests.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("kind(%d)", int(k))
	}
	return kindNames[k]
}

// Error is a failure with a kind. Code is stable snake_case for programs;
// Message is for people and must hold nothing secret; Fields names the inputs
// at fault (JSON path to message) and may be nil.
type Error struct {
	Kind    Kind
	Code    string
	Message string
	Fields  map[string]string
	cause   error
}

// New returns an error without a cause.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Wrap returns an error that keeps cause for errors.Is, errors.As and the log.
func Wrap(cause error, kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message, cause: cause}
}

// WithField returns a copy of e that also blames the input at path.
func (e *Error) WithField(path, message string) *Error {
	c := *e
	c.Fields = make(map[string]string, len(e.Fields)+1)
	for k, v := range e.Fields {
		c.Fields[k] = v
	}
	c.Fields[path] = message
	return &c
}

// Error is the text for the log: code, message and cause. Never show it.
func (e *Error) Error() string {
	if e.cause == nil {
		return e.Code + ": " + e.Message
	}
	return e.Code + ": " + e.Message + ": " + e.cause.Error()
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// KindOf returns the kind of the first Error in err's chain. A deadline that
// ran out is Unavailable; everything else, nil included, is Internal.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, context.DeadlineExceeded):
		return Unavailable
	}
	return Internal
}

// CodeOf returns the code of the first Error in err's chain, or "internal".
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal.String()
}
