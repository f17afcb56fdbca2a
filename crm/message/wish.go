package message

import (
	"context"
	"time"

	"centralita/crm/access"
	"centralita/crm/lead"
	"centralita/internal/fault"
	"centralita/internal/phone"
)

// Send takes a wish in ctx's transaction, or one of its own: after the commit it
// will be sent, and after a rollback it never was. The result is queued.
//
// Refusals: number_invalid, number_not_allowed (country switched off),
// body_invalid, opted_out, not_after_past, sms_not_configured, sms_cap (60 a
// minute and user), unknown_reference.
func (s *Service) Send(ctx context.Context, w Wish) (m Message, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		m, err = s.take(ctx, w)
		return err
	})
	return m, err
}

// SendFor is Send for somebody who asks: the client, the lead and the contact
// point must be his to see.
func (s *Service) SendFor(ctx context.Context, w Wish) (m Message, err error) {
	if err := s.mayWrite(ctx, w); err != nil {
		return m, err
	}
	if w.PointID != 0 {
		if w.To, w.ClientID, err = s.ports.Clients.Number(ctx, w.PointID); err != nil {
			return m, err
		}
	}
	return s.Send(ctx, w)
}

// Check tells whether a wish would be taken, with the refusals of Send. A number
// may opt out later, so that Send still decides.
func (s *Service) Check(ctx context.Context, w Wish) error {
	_, _, err := s.prepare(ctx, &w)
	return err
}

// prepare completes a wish and refuses it where it must be.
func (s *Service) prepare(ctx context.Context, w *Wish) (from, to string, err error) {
	if !s.Configured() {
		return "", "", errNotConfigured
	}
	if w.Body = cleanBody(w.Body); !fits(w.Body) {
		return "", "", errBody
	}
	if w.NotAfter.IsZero() {
		w.NotAfter = s.now().Add(defaultValidity)
	}
	if !w.NotAfter.After(s.now()) {
		return "", "", errTooLate
	}
	if to, err = s.recipient(ctx, w); err != nil {
		return "", "", err
	}
	if from, err = s.sender(ctx, w.LineID); err != nil {
		return "", "", err
	}
	return from, to, s.mayTake(ctx, *w, to)
}

// take checks and stores a wish, with its job.
func (s *Service) take(ctx context.Context, w Wish) (m Message, err error) {
	from, to, err := s.prepare(ctx, &w)
	if err != nil {
		return m, err
	}
	id, err := s.store.insert(ctx, w, from, to, w.NotAfter)
	if err != nil {
		return m, err
	}
	if err := s.ports.Queue.Insert(ctx, sendArgs{MessageID: id}, sendOpts); err != nil {
		return m, err
	}
	m, err = s.file(ctx, id, lead.Contact{
		Source: "sms", Direction: "out", LineID: w.LineID, LeadID: w.LeadID, ClientID: w.ClientID, E164: to, Raw: w.To,
		MessageID: id, UserID: w.UserID, At: time.Now(),
	})
	if err != nil {
		return m, err
	}
	if err := s.ports.Audit.Record(ctx, "message.send", "message", id, nil, m); err != nil {
		return m, err
	}
	s.signal(ctx, m)
	return m, nil
}

// file enters a stored message in the ledger and notes where it was filed.
func (s *Service) file(ctx context.Context, id int64, c lead.Contact) (m Message, err error) {
	filed, err := s.ports.Leads.Open(ctx, c)
	if err != nil {
		return m, err
	}
	if err := s.store.fileUnder(ctx, id, filed.LeadID); err != nil {
		return m, err
	}
	if m, err = s.store.get(ctx, id); err != nil || m.ClientID == nil {
		return m, err
	}
	return m, s.ports.Clients.Contacted(ctx, *m.ClientID, c.E164, m.CreatedAt)
}

// recipient returns the E.164 number of the wish's To, and finds the client
// when the wish names none.
func (s *Service) recipient(ctx context.Context, w *Wish) (string, error) {
	f, err := s.store.firm(ctx)
	if err != nil {
		return "", err
	}
	n := phone.Parse(w.To, f.country, f.allowed...)
	if err := phone.DialCheck(n, f.allowed); err != nil {
		if fault.CodeOf(err) == "number_invalid" {
			return "", errNumber
		}
		return "", err
	}
	if w.ClientID == 0 {
		w.ClientID, _, err = s.clientOf(ctx, n.E164, f.country)
	}
	return n.E164, err
}

// clientOf returns the client whom a number names beyond doubt, and who is
// responsible for him; zeros when there is none or several share it.
func (s *Service) clientOf(ctx context.Context, raw, country string) (clientID, responsibleID int64, err error) {
	who, err := s.ports.Clients.Identify(ctx, raw, country)
	if err != nil || len(who.Candidates) == 0 {
		return 0, 0, err
	}
	best := who.Candidates[0]
	if best.Reason == "shared" || best.Score < sureScore {
		return 0, 0, nil
	}
	if best.ResponsibleID != nil {
		responsibleID = *best.ResponsibleID
	}
	return best.ClientID, responsibleID, nil
}

// sureScore is how sure a match by number must be to count as the client.
const sureScore = 60

// sender returns what the message will be sent from.
func (s *Service) sender(ctx context.Context, lineID int64) (string, error) {
	if s.opts.From != "" {
		return s.opts.From, nil
	}
	number, err := s.store.senderOf(ctx, lineID)
	if err == nil && number == "" {
		err = errNotConfigured
	}
	return number, err
}

// maxPerMinute bounds what one user may send.
const maxPerMinute = 60

// mayTake refuses wishes to those who want none, and floods.
func (s *Service) mayTake(ctx context.Context, w Wish, to string) error {
	out, err := s.store.optedOut(ctx, to, w.ClientID)
	if err != nil {
		return err
	}
	if out {
		return errOptedOut
	}
	if w.UserID == 0 || w.ReminderID != 0 {
		return nil
	}
	n, err := s.store.recent(ctx, w.UserID)
	if err == nil && n >= maxPerMinute {
		err = errTooMany
	}
	return err
}

// Resend makes a new wish of a message that failed or whose fate is unknown,
// once, on the word of the actor in ctx.
func (s *Service) Resend(ctx context.Context, id int64) (m Message, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.mayTouch(ctx, id); err != nil {
			return err
		}
		old, err := s.store.lock(ctx, id)
		if err != nil {
			return err
		}
		switch old.State {
		case Unknown, Failed, Undelivered:
		default:
			return errNotResendable
		}
		m, err = s.Send(ctx, Wish{
			ClientID: value(old.ClientID), LeadID: value(old.LeadID), LineID: value(old.LineID), UserID: access.ActorFrom(ctx).UserID,
			ReminderID: value(old.ReminderID), ResendOf: old.ID, To: old.To, Body: old.Body,
		})
		return err
	})
	return m, err
}

// Cancel takes back a wish that no worker has begun.
func (s *Service) Cancel(ctx context.Context, id int64) (m Message, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.mayTouch(ctx, id); err != nil {
			return err
		}
		if m, err = s.store.lock(ctx, id); err != nil {
			return err
		}
		if m.Direction != "out" || m.State != Queued {
			return errNotWaiting
		}
		before := m
		if m, _, err = s.store.advance(ctx, id, Cancelled, "", "", ""); err != nil {
			return err
		}
		if err := s.ports.Audit.Record(ctx, "message.cancel", "message", id, before, m); err != nil {
			return err
		}
		s.signal(ctx, m)
		return nil
	})
	return m, err
}
