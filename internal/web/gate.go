package web

import (
	"context"
	"net"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"centralita/internal/fault"
)

// Gate knows sessions and rights; the access room implements it.
type Gate interface {
	// Enter resolves a session token and returns ctx with the actor in it, or a
	// fault of kind Unauthenticated.
	Enter(ctx context.Context, token string) (context.Context, error)
	// Allow returns nil when ctx's actor has p, else a fault of kind Forbidden.
	Allow(ctx context.Context, p Permission) error
}

// Keeper is what a Gate may be besides: it knows programs that come with a token,
// people who have something to do first, and what is held open after the gate
// was passed.
type Keeper interface {
	// EnterToken is Enter for a token in the header Authorization. A session's
	// token is none, and the other way round.
	EnterToken(ctx context.Context, token string) (context.Context, error)
	// Ready returns a fault when ctx's actor must do something Personal before
	// anything else, like choosing a password.
	Ready(ctx context.Context) error
	// AtKeyboard returns a fault when ctx's actor is a program, not a person.
	AtKeyboard(ctx context.Context) error
	// Proved returns a fault when it is too long ago that ctx's actor has shown
	// who he is for what cannot be taken back.
	Proved(ctx context.Context) error
	// Hold returns a context that ends when the session of ctx's actor does, for
	// whatever goes on for longer than a moment. release must be called.
	Hold(ctx context.Context) (held context.Context, release func())
}

// enter takes r through the gate as op asks.
func (s *Server) enter(r *http.Request, op Op) (context.Context, error) {
	ctx := r.Context()
	if op.Permission == Public {
		return ctx, nil
	}
	ctx, err := s.identify(r)
	if err != nil {
		return ctx, err
	}
	if err := s.mayGoOn(ctx, op); err != nil {
		return ctx, err
	}
	if op.Permission == SignedIn || op.Permission == Personal {
		return ctx, nil
	}
	return ctx, s.opts.Gate.Allow(ctx, op.Permission)
}

// identify finds out who asks: by a bearer token if there is one, and then by
// nothing else; otherwise by the cookie. Other sorts of Authorization are some
// proxy's affair.
func (s *Server) identify(r *http.Request) (context.Context, error) {
	ctx := r.Context()
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && s.keeper != nil {
		return s.keeper.EnterToken(ctx, token)
	}
	cookie, err := r.Cookie(SessionCookieName)
	if err != nil || cookie.Value == "" {
		return ctx, fault.New(fault.Unauthenticated, "unauthenticated", "Sign in first.")
	}
	return s.opts.Gate.Enter(ctx, cookie.Value)
}

// mayGoOn asks what only a Keeper knows.
func (s *Server) mayGoOn(ctx context.Context, op Op) error {
	if s.keeper == nil {
		return nil
	}
	if op.Permission == Personal {
		if err := s.keeper.AtKeyboard(ctx); err != nil {
			return err
		}
	} else if err := s.keeper.Ready(ctx); err != nil {
		return err
	}
	if op.StepUp {
		return s.keeper.Proved(ctx)
	}
	return nil
}

type connKey struct{}

// withConn has a request know the connection it came by.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// hold has the request end when the session of its actor does: its context is
// cancelled, and its connection broken, with what was sent and not yet received.
// A socket ends by its context alone: its owner may have a last word.
func (s *Server) hold(c *gin.Context, op Op) (letGo func()) {
	if s.keeper == nil || op.Permission == Public {
		return func() {}
	}
	asked := c.Request.Context()
	held, release := s.keeper.Hold(asked)
	socket := isUpgrade(c.Request)
	c.Request = c.Request.WithContext(held)
	stop := context.AfterFunc(held, func() {
		if conn, ok := asked.Value(connKey{}).(net.Conn); ok && !socket && asked.Err() == nil {
			breakOff(conn)
		}
	})
	return func() {
		stop()
		release()
	}
}

// breakOff ends a connection as a pulled plug does.
func breakOff(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
