package ws_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"centralita/internal/fault"
	"centralita/internal/postgres/pgtest"
	"centralita/internal/web"
	"centralita/realtime"
	"centralita/realtime/store"
	"centralita/realtime/ws"
	"centralita/realtime/ws/wstest"
)

// gate admits the session "good".
type gate struct{}

type signedIn struct{}

func (gate) Enter(ctx context.Context, token string) (context.Context, error) {
	if token != "good" {
		return ctx, fault.New(fault.Unauthenticated, "signed_out", "Sign in.")
	}
	return context.WithValue(ctx, signedIn{}, int64(7)), nil
}

func (gate) Allow(context.Context, web.Permission) error { return nil }

// The socket as the product mounts it: behind the router, by the session cookie.
func TestBehindTheRouter(t *testing.T) {
	inbox := make(chan any, 1)
	st := store.New(pgtest.New(t))
	bus := realtime.NewLocalBus()
	hub := realtime.NewHub(st, bus, realtime.Options{
		Message: func(ctx context.Context, _ realtime.Peer, _ string, _ []byte) { inbox <- ctx.Value(signedIn{}) },
	})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		hub.Run(ctx)
	}()
	server := web.New(web.Options{Title: "t", Version: "1", Gate: gate{}})
	peer := func(r *http.Request) (realtime.Peer, error) {
		id, _ := r.Context().Value(signedIn{}).(int64)
		return realtime.Peer{UserID: id, SessionID: id}, nil
	}
	server.Router().Raw(web.Op{Method: "GET", Path: "/live", ID: "live", Summary: "s", Tag: "t", Permission: web.SignedIn},
		ws.Handler(hub, peer, ws.Options{}))
	site := httptest.NewServer(server.Handler())
	t.Cleanup(func() {
		stop()
		<-done
		site.Close()
	})
	if c, status := wstest.TryDial(t, site.URL, "/api/live", nil); c != nil || status != http.StatusUnauthorized {
		t.Errorf("without a session: status %d", status)
	}
	c := wstest.Dial(t, site.URL, "/api/live", http.Header{"Cookie": {web.SessionCookieName + "=good"}})
	c.Hello("", 0)
	c.Send(map[string]string{"t": "receipt"})
	if got := <-inbox; got != int64(7) {
		t.Errorf("the hook's context knows %v", got)
	}
	if err := realtime.NewLog(st, bus).Append(t.Context(), 7, "e", nil); err != nil {
		t.Fatal(err)
	}
	if f := c.Event(); f.Seq != 1 {
		t.Errorf("got %+v", f)
	}
}
