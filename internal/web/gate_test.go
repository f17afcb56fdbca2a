package web_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"centralita/internal/fault"
	"centralita/internal/web"
)

// keeper is a doorman who knows tokens, and ends sessions when he is told.
type keeper struct {
	doorman
	held chan context.CancelFunc
}

var errToken = fault.New(fault.Unauthenticated, "unauthenticated", "No.")

type program struct{}

func (k *keeper) EnterToken(ctx context.Context, token string) (context.Context, error) {
	if token != "program" {
		return ctx, errToken
	}
	return context.WithValue(ctx, program{}, true), nil
}

func (k *keeper) Ready(context.Context) error { return nil }

func (k *keeper) AtKeyboard(ctx context.Context) error {
	if ctx.Value(program{}) != nil {
		return fault.New(fault.Forbidden, "not_for_tokens", "No.")
	}
	return nil
}

func (k *keeper) Proved(context.Context) error {
	return fault.New(fault.Forbidden, "proof_required", "No.")
}

func (k *keeper) Hold(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	k.held <- cancel
	return ctx, cancel
}

// kept serves a few routes behind a keeper on a real connection.
func kept(t *testing.T, k *keeper) (address string) {
	t.Helper()
	s := web.New(web.Options{Gate: k, Logger: slog.New(slog.DiscardHandler)})
	r := s.Router()
	get := func(path, id string, op web.Op, h http.HandlerFunc) {
		op.Method, op.Path, op.ID = http.MethodGet, path, id
		r.Raw(op, h)
	}
	fine := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	get("/mine", "mine", web.Op{Permission: web.Personal}, fine)
	get("/all", "all", web.Op{Permission: web.SignedIn}, fine)
	get("/danger", "danger", web.Op{Permission: web.SignedIn, StepUp: true}, fine)
	get("/endless", "endless", web.Op{Permission: web.SignedIn}, func(w http.ResponseWriter, _ *http.Request) {
		for block := make([]byte, 64<<10); ; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var served sync.WaitGroup
	served.Go(func() {
		if err := s.Serve(ctx, l, time.Second); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); served.Wait() })
	return "http://" + l.Addr().String() + "/api"
}

func fetch(t *testing.T, url string, header ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

func TestWhoComesByWhat(t *testing.T) {
	k := &keeper{held: make(chan context.CancelFunc, 100)}
	base := kept(t, k)
	cookie := web.SessionCookieName + "=good"
	for name, c := range map[string]struct {
		path   string
		header []string
		want   int
	}{
		"a browser":                         {"/all", []string{"Cookie", cookie}, 204},
		"a program":                         {"/all", []string{"Authorization", "Bearer program"}, 204},
		"nobody":                            {"/all", nil, 401},
		"a wrong token beside a cookie":     {"/all", []string{"Authorization", "Bearer x", "Cookie", cookie}, 401},
		"a session's token as bearer":       {"/all", []string{"Authorization", "Bearer good"}, 401},
		"a program's token as cookie":       {"/all", []string{"Cookie", web.SessionCookieName + "=program"}, 401},
		"a proxy's own password":            {"/all", []string{"Authorization", "Basic Z29vZDpnb29k", "Cookie", cookie}, 204},
		"a forged password alone":           {"/all", []string{"Authorization", "Basic Z29vZDpnb29k"}, 401},
		"a person's own affairs":            {"/mine", []string{"Cookie", cookie}, 204},
		"a program in a person's affairs":   {"/mine", []string{"Authorization", "Bearer program"}, 403},
		"what needs a proof":                {"/danger", []string{"Cookie", cookie}, 403},
		"what needs a proof, without login": {"/danger", nil, 401},
	} {
		if got := fetch(t, base+c.path, c.header...).StatusCode; got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// A reader who takes nothing does not keep an answer alive beyond its session.
func TestAnAnswerIsCutWithItsSession(t *testing.T) {
	k := &keeper{held: make(chan context.CancelFunc, 1)}
	resp := fetch(t, kept(t, k)+"/endless", "Cookie", web.SessionCookieName+"=good")
	if _, err := io.CopyN(io.Discard, resp.Body, 1000); err != nil {
		t.Fatal(err)
	}
	(<-k.held)()
	done := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, resp.Body)
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil || errors.Is(err, io.EOF) {
			t.Errorf("the answer ended as if it were whole: %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("the answer goes on")
	}
}
