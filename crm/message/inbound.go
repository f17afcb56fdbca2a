package message

import (
	"context"
	"errors"
	"time"

	"centralita/crm/lead"
	"centralita/internal/phone"
)

// maxMedia is how many attachments are counted.
const maxMedia = 10

var errNoSID = errors.New("message: inbound SMS without an id")

// Incoming is an SMS from outside. Its attachments are counted and never
// fetched: the address of one may lead anywhere.
type Incoming struct {
	SID, From, To, Body string
	Media               int
}

// Receive stores an SMS, once per SID, together with its lead: the contact opens
// one or continues the one that is open. A word like STOP binds in the same
// transaction. Whoever is responsible for the client is told.
func (s *Service) Receive(ctx context.Context, in Incoming) error {
	if in.SID == "" || len(in.SID) > maxSID {
		return errNoSID
	}
	in.Body = capped(in.Body)
	in.From, in.To = phone.Text(in.From), phone.Text(in.To)
	return s.db.InTx(ctx, func(ctx context.Context) error {
		r, err := s.receipt(ctx, in)
		if err != nil {
			return err
		}
		id, fresh, err := s.store.receive(ctx, in, r)
		if err != nil || !fresh {
			return err
		}
		return s.enter(ctx, id, in, r)
	})
}

// receipt is what is known of an SMS when it comes.
type receipt struct {
	lineID, clientID, responsibleID int64
	e164                            string // "" when the sender is no number
}

// receipt finds the line that was written to and the client who wrote.
func (s *Service) receipt(ctx context.Context, in Incoming) (r receipt, err error) {
	f, err := s.store.firm(ctx)
	if err != nil {
		return r, err
	}
	country := f.country
	if r.lineID, country, err = s.store.lineOf(ctx, in.To, country); err != nil {
		return r, err
	}
	if n := phone.Parse(in.From, country); n.Kind == phone.KindNumber {
		r.e164 = n.E164
	}
	r.clientID, r.responsibleID, err = s.clientOf(ctx, in.From, country)
	return r, err
}

// enter files a stored SMS with its lead, heeds its words and tells of it.
func (s *Service) enter(ctx context.Context, id int64, in Incoming, r receipt) error {
	c := lead.Contact{
		Source: "sms", LineID: r.lineID, ClientID: r.clientID, E164: r.e164, Raw: in.From, MessageID: id, At: time.Now(), ResponsibleID: r.responsibleID,
	}
	if r.e164 == "" {
		c.UniqueKey = in.SID
	}
	m, err := s.file(ctx, id, c)
	if err != nil {
		return err
	}
	if err := s.heed(ctx, id, in, r); err != nil {
		return err
	}
	s.signal(ctx, m)
	if m.watcherID == 0 {
		return nil
	}
	return s.ports.Live.Append(ctx, m.watcherID, "message.in", map[string]any{"message": m})
}

// heed obeys a message that is one of the words.
func (s *Service) heed(ctx context.Context, id int64, in Incoming, r receipt) error {
	switch {
	case r.e164 == "":
		return nil
	case IsStop(in.Body):
		return s.store.optOut(ctx, r.e164, word(in.Body), id, r.clientID)
	case IsStart(in.Body):
		return s.store.optIn(ctx, r.e164, r.clientID)
	}
	return nil
}

// capped cleans a foreign text and bounds it.
func capped(body string) string {
	r := []rune(cleanBody(body))
	return string(r[:min(len(r), maxBody)])
}
