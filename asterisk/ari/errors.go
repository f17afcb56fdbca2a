package ari

import (
	"errors"
	"fmt"
)

// What went wrong with a command, in kinds that a caller acts upon. Every *Error matches exactly
// one of them by errors.Is.
var (
	// ErrGone: the channel, bridge, playback or other object named in the command does not exist (any more).
	ErrGone = errors.New("gone")
	// ErrNotInApp: the channel exists, but an ARI application does not hold it.
	ErrNotInApp = errors.New("not in an application")
	// ErrBadState: the object exists, but cannot do that now.
	ErrBadState = errors.New("wrong state")
	// ErrConflict: an object with that ID exists already, or another application has claimed the call.
	ErrConflict = errors.New("conflict")
	// ErrAllocation: Asterisk could not make the channel: its endpoint is unknown or not registered.
	ErrAllocation = errors.New("endpoint not available")
	// ErrBadRequest: Asterisk, or this package before it, finds the command itself wrong.
	ErrBadRequest = errors.New("bad request")
	// ErrRefused: the user or password is wrong, or this user may not do that.
	ErrRefused = errors.New("refused")
	// ErrUnreachable: no answer in time, or no connection. The command may have been carried out.
	ErrUnreachable = errors.New("asterisk unreachable")
	// ErrServer: Asterisk answered with an error of its own.
	ErrServer = errors.New("asterisk error")
)

// ErrReplaced ends a Stream: another process has taken over the application's name.
var ErrReplaced = errors.New("ari: application replaced by another connection")

// Error is a command that did not succeed.
type Error struct {
	Op      string // method and path, without query
	Status  int    // HTTP status; 0 when there was no answer
	Message string // Asterisk's own words, or the cause's; for logs
	Kind    error  // one of the Err… values
}

// Error names the command, the status and Asterisk's words.
func (e *Error) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("ari: %s: %v: %s", e.Op, e.Kind, e.Message)
	}
	return fmt.Sprintf("ari: %s: %d %v: %s", e.Op, e.Status, e.Kind, e.Message)
}

// Unwrap gives the kind.
func (e *Error) Unwrap() error { return e.Kind }

// kinds maps HTTP statuses to kinds. A command for which a status means something else than for
// the others brings its own map, which is looked at first.
type kinds map[int]error

var commonKinds = kinds{
	400: ErrBadRequest, 401: ErrRefused, 403: ErrRefused, 404: ErrGone,
	409: ErrNotInApp, 412: ErrBadState, 422: ErrBadState,
}

// kindOf finds the kind of a status, by the command's own map first.
func kindOf(status int, own kinds) error {
	if kind, ok := own[status]; ok {
		return kind
	}
	if kind, ok := commonKinds[status]; ok {
		return kind
	}
	if status >= 500 {
		return ErrServer
	}
	return ErrBadRequest
}

// KindOf is the Err… value that err matches; nil for nil and for an error that is not a command's.
func KindOf(err error) error {
	var failed *Error
	if errors.As(err, &failed) {
		return failed.Kind
	}
	return nil
}
