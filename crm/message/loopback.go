package message

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"centralita/internal/fault"
)

// OutboxEntry is an SMS at the loopback Twilio: what a person's phone would show.
type OutboxEntry struct {
	SID       string    `json:"sid"`
	Direction string    `json:"direction" enum:"outbound-api,inbound"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	Body      string    `json:"body"`
	Status    string    `json:"status"`
	At        time.Time `json:"at"`
}

// Outbox is what went through the loopback Twilio, newest first. Loopback is
// false, and Items empty, with the real one.
type Outbox struct {
	Loopback bool          `json:"loopback"`
	Items    []OutboxEntry `json:"items"`
}

type outboxOut struct{ Body Outbox }

type replyIn struct {
	Body struct {
		From string `json:"from" minLength:"1" maxLength:"40"`
		To   string `json:"to" minLength:"1" maxLength:"40"`
		Body string `json:"body" minLength:"1" maxLength:"1600"`
	}
}

// errNoLoopback answers those who want to play a phone with the real provider.
var errNoLoopback = fault.New(fault.Conflict, "no_loopback", "SMS leave this machine: there is no phone to play.")

func (a *API) outbox(ctx context.Context, _ *struct{}) (*outboxOut, error) {
	out := &outboxOut{Outbox{Items: []OutboxEntry{}}}
	if err := mayPlay(ctx); err != nil {
		return nil, err
	}
	if a.service.opts.OutboxURL == "" {
		return out, nil
	}
	out.Body.Loopback = true
	return out, a.loopback(ctx, http.MethodGet, "/sim/outbox?limit=200", nil, &out.Body)
}

func (a *API) reply(ctx context.Context, in *replyIn) (*struct{}, error) {
	if err := mayPlay(ctx); err != nil {
		return nil, err
	}
	if a.service.opts.OutboxURL == "" {
		return nil, errNoLoopback
	}
	return nil, a.loopback(ctx, http.MethodPost, "/sim/inbound", in.Body, nil)
}

// loopback asks the loopback Twilio; out may be nil.
func (a *API) loopback(ctx context.Context, method, path string, in, out any) error {
	down := func(err error) error {
		return fault.Wrap(err, fault.Unavailable, "loopback_down", "The loopback Twilio does not answer.")
	}
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(a.service.opts.OutboxURL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return down(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return down(err)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, 16*maxAnswer))
	if closing := res.Body.Close(); err == nil {
		err = closing
	}
	if err == nil && res.StatusCode/100 != 2 {
		err = fault.New(fault.Unavailable, "loopback_down", res.Status)
	}
	if err == nil && out != nil {
		err = json.Unmarshal(text, out)
	}
	if err != nil {
		return down(err)
	}
	return nil
}
