package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5/pgxpool"

	"centralita/asterisk/ari"
)

// floor is the least that a program can do when a call comes in: take the call,
// look the number up, store that it came, show it.
type floor struct {
	ari    *ari.Client
	pool   *pgxpool.Pool
	linked atomic.Bool

	mu   sync.Mutex
	conn *websocket.Conn // of the one who looks
}

func newFloor(client *ari.Client, pool *pgxpool.Pool) *floor { return &floor{ari: client, pool: pool} }

// run takes calls until ctx ends.
func (f *floor) run(ctx context.Context) {
	stream := f.ari.Listen(ctx)
	for {
		message, err := stream.Next(ctx)
		if err != nil {
			return
		}
		switch m := message.(type) {
		case ari.Connected:
			f.linked.Store(true)
		case ari.Event:
			if m.Type == ari.CallBroadcast {
				go f.take(ctx, m)
			}
		}
	}
}

// take serves one call. On one of the two numbers the claim runs beside the
// rest, as a program may that shows a call before it has it.
func (f *floor) take(ctx context.Context, e ari.Event) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	claim := func() {
		if err := f.ari.Claim(ctx, e.Channel.ID); err != nil {
			slog.Error("floor: claim", "error", err)
		}
	}
	if e.Called == toBeside {
		var beside sync.WaitGroup
		beside.Go(claim)
		defer beside.Wait()
	} else {
		claim()
	}
	if err := f.show(ctx, e.Channel.CallerNumber); err != nil {
		slog.Error("floor: call not shown", "error", err)
	}
}

const (
	sqlWho = `
select c.id, c.name from contact_readings r join clients c on c.id = r.client_id where r.e164 = $1 limit 1`
	sqlCame = `insert into peer_calls (number, client_id) values ($1, $2)`
)

// floorPop is the frame that is shown.
type floorPop struct {
	Number   string `json:"number"`
	ClientID int64  `json:"client_id"`
	Name     string `json:"name"`
}

func (f *floor) show(ctx context.Context, number string) error {
	pop := floorPop{Number: number}
	if err := f.pool.QueryRow(ctx, sqlWho, number).Scan(&pop.ClientID, &pop.Name); err != nil {
		return err
	}
	if _, err := f.pool.Exec(ctx, sqlCame, number, pop.ClientID); err != nil {
		return err
	}
	frame, err := json.Marshal(pop)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.conn.WriteMessage(websocket.TextMessage, frame)
}

func (f *floor) ready(w http.ResponseWriter, _ *http.Request) {
	if !f.linked.Load() {
		http.Error(w, "not linked", http.StatusServiceUnavailable)
	}
}

// live makes whoever connects last the one who looks.
func (f *floor) live(w http.ResponseWriter, r *http.Request) {
	conn, err := new(websocket.Upgrader).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	f.mu.Lock()
	f.conn = conn
	f.mu.Unlock()
}
