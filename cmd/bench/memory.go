package main

import (
	"context"
	"fmt"
	"time"

	"github.com/gorilla/websocket"
)

const (
	sockets = 500
	perUser = 12 // tabs that one user may have
)

// settle is how long the server is left alone before its memory is read.
const settle = 3 * time.Second

// measureMemory reads the server's resident memory when nobody is there, and
// with many live sockets.
func measureMemory(ctx context.Context, w *world, r *report) error {
	idle, err := w.resident(ctx)
	if err != nil {
		return err
	}
	var conns []*websocket.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for user := 0; len(conns) < sockets; user++ {
		s, err := w.signIn(ctx, loginOf(user))
		if err != nil {
			return err
		}
		for range min(perUser, sockets-len(conns)) {
			conn, err := s.live(ctx)
			if err != nil {
				return err
			}
			conns = append(conns, conn)
			go readFrames(conn, newMoments(), productPop)
		}
	}
	busy, err := w.resident(ctx)
	if err != nil {
		return err
	}
	r.add(figure{Figure: "resident memory of the server, idle", Verdict: []target{atMost("MB", idle, 80)}})
	r.add(figure{Figure: fmt.Sprintf("resident memory of the server, %d live sockets", sockets), Verdict: []target{atMost("MB", busy, 120)}})
	return nil
}

// loginOf names the people one after another.
func loginOf(i int) string {
	if all := agents + veterans + viewers; i >= all {
		return seatLogin(i - all + 1)
	}
	return agentLogin(i + 1)
}

// resident is the server's resident memory in megabytes, after a rest.
func (w *world) resident(ctx context.Context) (float64, error) {
	if err := pause(ctx, settle); err != nil {
		return 0, err
	}
	kb := memoryKB(fmt.Sprintf("/proc/%d/status", w.state.PIDs["server"]), "VmRSS")
	if kb == 0 {
		return 0, fmt.Errorf("no memory of the server's process %d", w.state.PIDs["server"])
	}
	return float64(kb) / 1024, nil
}
