package asterisk_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"centralita/asterisk"
	"centralita/asterisk/ari"
	"centralita/asterisk/asterisktest"
	"centralita/asterisk/cel"
	"centralita/internal/siptest"
)

const limit = 30 * time.Second

// within is a context for one test's waiting.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

// listen opens the event socket of an application and waits until it is connected.
func listen(t *testing.T, config asterisk.Config, app string) (*ari.Client, *ari.Stream) {
	t.Helper()
	client := asterisktest.Client(t, config, app)
	ctx, cancel := context.WithCancel(context.Background())
	stream := client.Listen(ctx)
	t.Cleanup(func() { cancel(); <-stream.Done() })
	message, err := stream.Next(within(t))
	if _, ok := message.(ari.Connected); !ok {
		t.Fatalf("first message %+v, %v", message, err)
	}
	return client, stream
}

// await takes messages until an event fits.
func await(t *testing.T, stream *ari.Stream, what string, fits func(ari.Event) bool) ari.Event {
	t.Helper()
	ctx := within(t)
	for {
		message, err := stream.Next(ctx)
		if err != nil {
			t.Fatalf("waiting for %s: %v", what, err)
		}
		if event, ok := message.(ari.Event); ok && fits(event) {
			return event
		}
	}
}

// of fits events of a type about the channel of a SIP call.
func of(eventType string, call *siptest.Call) func(ari.Event) bool {
	return func(e ari.Event) bool { return e.Type == eventType && e.Channel.ProtocolID == call.ID() }
}

// open starts a SIP user agent that calls the instance.
func open(t *testing.T, config asterisk.Config, agent siptest.Config) *siptest.UA {
	t.Helper()
	agent.Server = fmt.Sprintf("127.0.0.1:%d", config.SIPPort)
	ua, err := siptest.Open(agent)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ua.Close)
	return ua
}

// place begins a call.
func place(t *testing.T, ua *siptest.UA, invite siptest.Invite) *siptest.Call {
	t.Helper()
	call, err := ua.Invite(within(t), invite)
	if err != nil {
		t.Fatal(err)
	}
	return call
}

// ended waits for the end of a call.
func ended(t *testing.T, call *siptest.Call) siptest.End {
	t.Helper()
	end, err := call.WaitEnded(within(t))
	if err != nil {
		t.Fatalf("%v\n%s", err, call.Trace())
	}
	return end
}

// rows reads the whole event log.
func rows(t *testing.T, config asterisk.Config) []cel.Row {
	t.Helper()
	var all []cel.Row
	for from := (cel.Bookmark{}); ; {
		batch, err := cel.Read(config.Paths().EventLog, from)
		if err != nil {
			t.Fatal(err)
		}
		if batch.Damaged != 0 {
			t.Fatalf("%d damaged rows", batch.Damaged)
		}
		all, from = append(all, batch.Rows...), batch.Next
		if !batch.More {
			return all
		}
	}
}

// awaitRow waits for a row of the event log.
func awaitRow(t *testing.T, config asterisk.Config, what string, fits func(cel.Row) bool) cel.Row {
	t.Helper()
	var found cel.Row
	asterisktest.Eventually(t, limit, func() bool {
		for _, row := range rows(t, config) {
			if fits(row) {
				found = row
				return true
			}
		}
		return false
	}, func() string { return what + " is not in the event log" })
	return found
}

// userRow fits a user-defined row of a channel.
func userRow(name, uniqueID string) func(cel.Row) bool {
	return func(r cel.Row) bool { return r.UserEvent == name && r.UniqueID == uniqueID }
}

// count counts the rows that fit.
func count(rows []cel.Row, fits func(cel.Row) bool) (n int) {
	for _, row := range rows {
		if fits(row) {
			n++
		}
	}
	return n
}
