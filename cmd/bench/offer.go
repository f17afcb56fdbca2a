package main

import (
	"context"
	"fmt"
	"time"

	"centralita/internal/siptest"
)

// measureOffer compares the way from the INVITE to the agent's INVITE with that
// of the native queue, agents idle, calls in turn, at several rates. The product
// records every call from its first moment; so does the queue that counts, and
// for scale one is shown that does not.
func measureOffer(ctx context.Context, w *world, r *report) error {
	offers := newMoments()
	answer := answering(offers, 30*time.Millisecond)
	own, err := w.seat(ctx, w.staff(1, agents), answer)
	defer own.close()
	if err != nil {
		return err
	}
	theirs, err := w.seat(ctx, rivals(1, agents), answer)
	defer theirs.close()
	if err != nil {
		return err
	}
	s, err := w.signIn(ctx, agentLogin(1))
	if err != nil {
		return err
	}
	if err := w.awaitRegistered(ctx, s, agents); err != nil {
		return err
	}
	out, err := siptest.Open(siptest.Config{Server: w.state.SIP})
	if err != nil {
		return err
	}
	defer out.Close()
	lanes := []lane{
		{"ours", lineNumbers[0], true, talk(150 * time.Millisecond)},
		{"queue", toQueue, false, talk(150 * time.Millisecond)},
		{"bare", toBare, false, talk(150 * time.Millisecond)},
	}
	if _, err := w.alternate(ctx, out, lanes, 10, warmUp); err != nil {
		return err
	}
	for _, rate := range w.offerRates {
		trials, err := w.alternate(ctx, out, lanes, rate, int(rate*w.offerTime.Seconds())/len(lanes))
		if err != nil {
			return err
		}
		if err := pause(ctx, grace); err != nil {
			return err
		}
		ours, queue, bare := offers.since(trials, "ours").stats(), offers.since(trials, "queue").stats(), offers.since(trials, "bare").stats()
		r.add(figure{
			Figure: fmt.Sprintf("INVITE → agent's INVITE, idle agents, %g calls/s", rate), Peer: "app_queue", Ours: ours, Theirs: &queue,
			Verdict: []target{atMost("p50 ×", ours.P50/queue.P50, 2), atMost("failed", float64(ours.Failures), 0)},
		})
		r.add(figure{Figure: "the same, the queue's calls not recorded", Peer: "app_queue, unrecorded", Ours: ours, Theirs: &bare})
	}
	return nil
}
