package ari_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"centralita/asterisk/ari"
)

// clientOf a server that stands for Asterisk.
func clientOf(t *testing.T, handler http.HandlerFunc, timeout time.Duration) (*ari.Client, *atomic.Int64) {
	t.Helper()
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(handler)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	client, err := ari.New(ari.Config{URL: server.URL + "/ari/", Username: "u", Password: "p", App: "crm-x", Timeout: timeout})
	do(t, err)
	t.Cleanup(client.Close)
	return client, &connections
}

func TestStatusesBecomeKinds(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   error
		words  string
	}{
		{404, `{"message":"Channel not found"}`, ari.ErrGone, "Channel not found"},
		{409, `{"message":"Channel not in Stasis"}`, ari.ErrNotInApp, "not in Stasis"},
		{412, `{"message":"invalid state"}`, ari.ErrBadState, "invalid"},
		{422, ``, ari.ErrBadState, ""},
		{400, `{"message":"bad"}`, ari.ErrBadRequest, "bad"},
		{401, `<html>`, ari.ErrRefused, "<html>"},
		{403, ``, ari.ErrRefused, ""},
		{500, `{"error":"Allocation failed"}`, ari.ErrServer, "Allocation failed"},
		{503, "<html><h1>busy</h1>" + strings.Repeat("x", 5000), ari.ErrServer, "busy"},
		{418, ``, ari.ErrBadRequest, ""},
		{302, ``, ari.ErrBadRequest, ""},
	} {
		t.Run(fmt.Sprint(c.status), func(t *testing.T) {
			client, _ := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}, 0)
			err := client.Answer(context.Background(), "1")
			var failed *ari.Error
			if !errors.As(err, &failed) || !errors.Is(err, c.want) || ari.KindOf(err) != c.want || failed.Status != c.status {
				t.Fatalf("%v", err)
			}
			if !strings.Contains(err.Error(), c.words) || len(err.Error()) > 400 {
				t.Errorf("words: %v", err)
			}
		})
	}
	if ari.KindOf(nil) != nil || ari.KindOf(errors.New("other")) != nil {
		t.Error("kind of what is no command's error")
	}
}

func TestSlowAsteriskIsUnreachable(t *testing.T) {
	release := make(chan struct{})
	client, _ := clientOf(t, func(http.ResponseWriter, *http.Request) { <-release }, 100*time.Millisecond)
	defer close(release)
	began := time.Now()
	if err := client.Ping(context.Background()); !errors.Is(err, ari.ErrUnreachable) {
		t.Errorf("%v", err)
	}
	if waited := time.Since(began); waited > 5*time.Second {
		t.Errorf("waited %v", waited)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := client.Ping(ctx); !errors.Is(err, ari.ErrUnreachable) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestTruncatedAndForeignAnswers(t *testing.T) {
	client, _ := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "channels") {
			_, _ = w.Write([]byte(`<html>not Asterisk</html>`))
			return
		}
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"id":`))
	}, time.Second)
	if _, err := client.Channels(context.Background()); !errors.Is(err, ari.ErrServer) {
		t.Errorf("HTML: %v", err)
	}
	if _, err := client.Channel(context.Background(), "1"); !errors.Is(err, ari.ErrUnreachable) {
		t.Errorf("cut answer: %v", err)
	}
}

// Asterisk's listener takes ten connections at a time: failed commands must not burn them.
func TestFailedCommandsKeepTheConnection(t *testing.T) {
	client, connections := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write([]byte(`{"message":"` + strings.Repeat("long ", 2000) + `"}`))
	}, 0)
	for range 50 {
		if err := client.Answer(context.Background(), "1"); !errors.Is(err, ari.ErrNotInApp) {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections for 50 commands one after another", n)
	}
}

func TestIDsAreEscaped(t *testing.T) {
	var path atomic.Value
	client, _ := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		path.Store(r.URL.EscapedPath() + "?" + r.URL.RawQuery)
		w.WriteHeader(http.StatusNoContent)
	}, 0)
	do(t, client.Play(context.Background(), "a/../b?x#y z", "p&q=1", "", "sound:one", "sound:two"))
	if want := "/ari/channels/a%2F..%2Fb%3Fx%23y%20z/play?media=sound%3Aone%2Csound%3Atwo&playbackId=p%26q%3D1"; path.Load() != want {
		t.Errorf("%v\nwant %v", path.Load(), want)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, config := range []ari.Config{
		{}, {URL: "127.0.0.1:8088", App: "a"}, {URL: "ftp://x", App: "a"}, {URL: "http://x/ari"},
		{URL: "http://x/ari", App: "a,b"}, {URL: "http://x/ari", App: "a b"}, {URL: "http://%zz", App: "a"},
	} {
		if _, err := ari.New(config); err == nil {
			t.Errorf("%+v accepted", config)
		}
	}
}
