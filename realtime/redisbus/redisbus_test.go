package redisbus_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"centralita/internal/postgres"
	"centralita/realtime"
	"centralita/realtime/bustest"
	"centralita/realtime/redisbus"
	"centralita/realtime/redisbus/redistest"
	"centralita/realtime/store"
)

const patience = 30 * time.Second

func open(t *testing.T, url, channel string) *redisbus.Bus {
	t.Helper()
	bus, err := redisbus.Open(url, channel)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := bus.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return bus
}

func TestBus(t *testing.T) {
	server := redistest.Start(t)
	bustest.Run(t, func(t *testing.T) (a, b realtime.Bus) {
		return open(t, server.URL(), t.Name()), open(t, server.URL(), t.Name())
	})
}

func TestABadURLIsAnError(t *testing.T) {
	for _, url := range []string{"", "gopher://x", "redis://:secret@[", "redis://u:secret@h/notanumber"} {
		if _, err := redisbus.Open(url, "c"); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestForeignMessagesAreIgnored(t *testing.T) {
	server := redistest.Start(t)
	a, b := open(t, server.URL(), "c"), open(t, server.URL(), "c")
	heard := make(chan realtime.Message, 100)
	b.Subscribe(func(m realtime.Message) { heard <- m })
	for _, payload := range []string{"", "x", `[]`, `{"kind":"signal","frame":"{"}`} {
		server.Do("PUBLISH", "c", payload)
	}
	server.Do("PUBLISH", "other", `{"kind":"signal","frame":"{}"}`)
	a.Publish(realtime.Message{Kind: realtime.MessageSignal, Frame: []byte(`{"real":true}`)})
	select {
	case m := <-heard:
		if string(m.Frame) != `{"real":true}` {
			t.Errorf("heard %+v", m)
		}
	case <-time.After(patience):
		t.Error("nothing heard")
	}
}

func TestWithoutRedisTheProcessStarts(t *testing.T) {
	server := redistest.Start(t)
	server.Kill()
	bus := open(t, server.URL(), "c")
	if bus.Up() {
		t.Error("up without a server")
	}
	kinds := make(chan realtime.MessageKind, 100)
	bus.Subscribe(func(m realtime.Message) { kinds <- m.Kind })
	await(t, kinds, realtime.MessageDown)
	bus.Publish(realtime.Message{Kind: realtime.MessageSignal})
	await(t, kinds, realtime.MessageSignal)
	server.Restart()
	await(t, kinds, realtime.MessageLost)
	if !bus.Up() {
		t.Error("down with a server")
	}
}

func await(t *testing.T, kinds <-chan realtime.MessageKind, want realtime.MessageKind) {
	t.Helper()
	for limit := time.After(patience); ; {
		select {
		case got := <-kinds:
			if got == want {
				return
			}
		case <-limit:
			t.Fatalf("%s never came", want)
		}
	}
}

// process is what one server process has of this.
type process struct {
	bus *redisbus.Bus
	log *realtime.Log
	hub *realtime.Hub
}

func start(t *testing.T, db *postgres.DB, url string) *process {
	t.Helper()
	st := store.New(db)
	p := &process{bus: open(t, url, "live")}
	p.log = realtime.NewLog(st, p.bus)
	p.hub = realtime.NewHub(st, p.bus, realtime.Options{})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.hub.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	return p
}
