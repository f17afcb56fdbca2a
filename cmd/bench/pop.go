package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gorilla/websocket"

	"centralita/internal/siptest"
)

// grace is what the last calls of a part get until their last effect is seen.
const grace = time.Second

// warmUp is how many calls of each kind come before those that count.
const warmUp = 40

// measurePop compares the way from the INVITE to the pop frame read with that
// of the least program, calls in turn.
func measurePop(ctx context.Context, w *world, r *report) error {
	pops, offers := newMoments(), newMoments()
	phones, err := w.seat(ctx, w.staff(1, agents), answering(offers, 50*time.Millisecond))
	defer phones.close()
	if err != nil {
		return err
	}
	closeSockets, err := w.watchPops(ctx, pops, agents)
	defer closeSockets()
	if err != nil {
		return err
	}
	out, err := siptest.Open(siptest.Config{Server: w.state.SIP})
	if err != nil {
		return err
	}
	defer out.Close()
	lanes := []lane{
		{"ours", lineNumbers[0], true, talk(300 * time.Millisecond)},
		{"floor", toFloor, false, giveUp(300 * time.Millisecond)},
		{"beside", toBeside, false, giveUp(300 * time.Millisecond)},
	}
	// The first calls warm connections and plans of both sides and do not count.
	if _, err := w.alternate(ctx, out, lanes, 15, warmUp); err != nil {
		return err
	}
	trials, err := w.alternate(ctx, out, lanes, 15, w.popCalls)
	if err != nil {
		return err
	}
	if err := pause(ctx, grace); err != nil {
		return err
	}
	ours, floor, beside := pops.since(trials, "ours").stats(), pops.since(trials, "floor").stats(), pops.since(trials, "beside").stats()
	r.add(figure{
		Figure: "INVITE → pop frame read, 5 calls/s", Peer: "least program", Ours: ours, Theirs: &floor,
		Verdict: []target{atMost("p50 ×", ours.P50/floor.P50, 1.5), atMost("p95 ×", ours.P95/floor.P95, 2), atMost("failed", float64(ours.Failures), 0)},
	})
	r.add(figure{Figure: "the same, against a least program that shows before it has claimed", Peer: "least, claim beside", Ours: ours, Theirs: &beside,
		Verdict: []target{atMost("p50 ×", ours.P50/beside.P50, 1.5), atMost("p95 ×", ours.P95/beside.P95, 2)}})
	phone := offers.since(trials, "ours").stats()
	r.add(figure{Figure: "the same calls: INVITE → agent's INVITE", Ours: phone})
	r.add(figure{Figure: "the same calls: INVITE → event read by the server, recording started", Ours: w.heard(ctx, trials).stats()})
	return nil
}

// heard is how long the switch itself took, recording started and event sent, to
// tell the server of each call.
func (w *world) heard(ctx context.Context, trials []*trial) (s sample) {
	for _, t := range trials {
		if !t.lane.own {
			continue
		}
		var at time.Time
		if err := w.db.Conn(ctx).QueryRow(ctx, "select started_at from calls where caller_raw = $1", t.from).Scan(&at); err != nil {
			s.failures++
			continue
		}
		s.add(at.Sub(t.sent()))
	}
	return s
}

// watchPops opens a live socket of each agent, and one at the least program, and
// notes when each caller's pop is read.
func (w *world) watchPops(ctx context.Context, pops *moments, count int) (closeAll func(), err error) {
	var conns []*websocket.Conn
	closeAll = func() {
		for _, c := range conns {
			c.Close()
		}
	}
	for i := 1; i <= count; i++ {
		s, err := w.signIn(ctx, agentLogin(i))
		if err != nil {
			return closeAll, err
		}
		conn, err := s.live(ctx)
		if err != nil {
			return closeAll, err
		}
		conns = append(conns, conn)
		go readFrames(conn, pops, productPop)
		if i == count {
			if err := w.awaitRegistered(ctx, s, count); err != nil {
				return closeAll, err
			}
		}
	}
	conn, resp, err := websocket.DefaultDialer.DialContext(ctx, "ws://"+peerAddr+"/live", nil)
	if err != nil {
		return closeAll, fmt.Errorf("the least program's socket: %w", err)
	}
	resp.Body.Close()
	conns = append(conns, conn)
	go readFrames(conn, pops, leastPop)
	return closeAll, nil
}

// readFrames notes the time of each frame that number finds a caller in, until
// the socket ends.
func readFrames(conn *websocket.Conn, pops *moments, caller func([]byte) string) {
	for {
		_, frame, err := conn.ReadMessage()
		at := time.Now()
		if err != nil {
			return
		}
		if from := caller(frame); from != "" {
			pops.note(from, at)
		}
	}
}

// productPop returns the caller of a pop of the product.
func productPop(frame []byte) string {
	if !bytes.Contains(frame, []byte(`"call.ringing"`)) {
		return ""
	}
	var pop struct {
		Kind string `json:"kind"`
		Data struct {
			Call struct {
				Number struct {
					Raw string `json:"raw"`
				} `json:"number"`
			} `json:"call"`
		} `json:"data"`
	}
	if json.Unmarshal(frame, &pop) != nil || pop.Kind != "call.ringing" {
		return ""
	}
	return pop.Data.Call.Number.Raw
}

// leastPop returns the caller of a pop of the least program.
func leastPop(frame []byte) string {
	var pop floorPop
	if json.Unmarshal(frame, &pop) != nil {
		return ""
	}
	return pop.Number
}
