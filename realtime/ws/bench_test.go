package ws_test

import (
	"testing"

	"centralita/realtime"
	"centralita/realtime/ws"
)

// BenchmarkAppendAlone is the commit of one event that nobody waits for: the
// floor of the next.
func BenchmarkAppendAlone(b *testing.B) {
	p := newPlace(b, realtime.Options{}, ws.Options{})
	for b.Loop() {
		p.append(b, 1, map[string]int{"call_id": 1})
	}
}

// BenchmarkAppendToFrameRead adds the way from the commit to a browser on a
// local websocket that has read the frame.
func BenchmarkAppendToFrameRead(b *testing.B) {
	p := newPlace(b, realtime.Options{}, ws.Options{})
	c := p.dial(b, "ann")
	c.Hello("", 0)
	for b.Loop() {
		p.append(b, 1, map[string]int{"call_id": 1})
		c.Event()
	}
}

// BenchmarkSignalToFrameRead is the way of a frame alone, without a commit.
func BenchmarkSignalToFrameRead(b *testing.B) {
	p := newPlace(b, realtime.Options{}, ws.Options{})
	c := p.dial(b, "ann")
	c.Hello("", 0)
	for b.Loop() {
		p.log.Signal(b.Context(), "calls.changed", nil)
		c.Next()
	}
}
