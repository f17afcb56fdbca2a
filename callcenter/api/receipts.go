package api

import (
	"context"
	"encoding/json"
	"time"

	"centralita/internal/fault"
)

// Stage is what a browser has done with a pop.
type Stage string

// The stages of a pop after it was sent.
const (
	Painted Stage = "painted" // it is on the screen
	Focused Stage = "focused" // the user has looked into it
	Acted   Stage = "acted"   // accepted, declined or opened
)

// Receipt is a browser's word on a pop.
type Receipt struct {
	CallID        int64     `json:"call_id"`
	OfferedAt     time.Time `json:"offered_at"`
	Stage         Stage     `json:"stage"`
	Action        string    `json:"action"`
	RingToPaintMS *int      `json:"ring_to_paint_ms"`
}

// PopStats are the times from ring to paint of the last day, in milliseconds.
type PopStats struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50_ms"`
	P95   float64 `json:"p95_ms"`
	Max   float64 `json:"max_ms"`
}

// ReceiptStore keeps receipts.
type ReceiptStore interface {
	SaveReceipt(ctx context.Context, user int64, r Receipt) error
	PopStats(ctx context.Context) (PopStats, error)
}

// longestPaint bounds what a browser may claim.
const longestPaint = 10 * 60 * 1000

// TakeReceipt stores the receipt in a frame of the live socket. It trusts nothing but the user it came from.
func TakeReceipt(ctx context.Context, store ReceiptStore, user int64, frame []byte) error {
	var r Receipt
	if err := json.Unmarshal(frame, &r); err != nil {
		return fault.Wrap(err, fault.Invalid, "bad_receipt", "The receipt cannot be read.")
	}
	known := r.Stage == Painted || r.Stage == Focused || r.Stage == Acted
	tooLong := r.RingToPaintMS != nil && (*r.RingToPaintMS < 0 || *r.RingToPaintMS > longestPaint)
	if !known || tooLong || r.CallID <= 0 || len(r.Action) > 20 {
		return fault.New(fault.Invalid, "bad_receipt", "The receipt is not valid.")
	}
	return store.SaveReceipt(ctx, user, r)
}
