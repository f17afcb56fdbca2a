package demo

import (
	"context"
	"fmt"
	"time"

	"centralita/crm/lead"
)

// caller is who a call is with: a client, or somebody unknown.
type caller struct {
	known
	name string // as the network shows it
}

// someone draws a client whose country has the line's, most of the time.
func (s *story) someone(line Line) caller {
	for range 40 {
		if k := pick(s.r, s.known[1:]); (k.country == "AR") == (line.Country == "AR") {
			return caller{known: k}
		}
	}
	return caller{known: s.known[1]}
}

// stranger makes up a number that no client has.
func (s *story) stranger(line Line, name string) caller {
	s.serial++
	c := caller{name: name, known: known{e164: fmt.Sprintf("+34722%06d", s.serial*7351%1_000_000)}}
	if line.Country == "AR" {
		c.e164 = fmt.Sprintf("+54114%07d", 3_000_000+s.serial*48_611%1_000_000)
	}
	c.raw = c.e164
	return c
}

// ring is an inbound call: who, where, when, and what it came to. user answers
// after wait and talks; without user the call is missed, or a message is left.
type ring struct {
	with       caller
	line       Line
	at         time.Time
	user       int64
	wait, talk time.Duration
	message    bool
	recorded   bool
}

// in tells an inbound call and returns its lead.
func (s *story) in(ctx context.Context, r ring) (int64, error) {
	c := PastCall{
		Direction: "in", Line: r.line, Dialled: r.line.Number, Raw: r.with.raw, CallerName: r.with.name, ClientName: r.with.known.name,
		E164: r.with.e164, ClientID: r.with.id, ResponsibleID: r.with.responsible,
		StartedAt: r.at, RingingAt: r.at.Add(700 * time.Millisecond), EndedAt: r.at.Add(r.wait), EndedBy: "client", Cause: 16, Outcome: "missed",
	}
	switch {
	case r.user != 0:
		c.UserID, c.Outcome, c.AnsweredAt, c.EndedAt = r.user, "answered", r.at.Add(r.wait), r.at.Add(r.wait+r.talk)
	case r.message:
		c.Outcome, c.MessageAt, c.EndedAt = "voicemail", r.at.Add(r.wait), r.at.Add(r.wait+r.talk)
	case r.wait < 12*time.Second:
		c.Outcome = "abandoned"
	}
	return s.file(ctx, c, r.recorded, func(l lead.Filed) error {
		switch c.Outcome {
		case "answered":
			return s.Ledger.Answered(ctx, l.LeadID, c.ID, r.user, c.AnsweredAt)
		case "voicemail":
			return s.Ledger.Voicemail(ctx, l.LeadID, c.ID, c.EndedAt)
		}
		return s.Ledger.Missed(ctx, l.LeadID, c.ID, c.EndedAt, c.Outcome)
	}, &c)
}

// dial is a call that user makes; without talk it comes to outcome.
type dial struct {
	with     caller
	line     Line
	lead     int64
	at       time.Time
	user     int64
	talk     time.Duration
	outcome  string
	recorded bool
}

var causes = map[string]int{"busy": 17, "no_answer": 19, "unreachable": 27, "wrong_number": 1}

// out tells an outbound call.
func (s *story) out(ctx context.Context, d dial) error {
	c := PastCall{
		Direction: "out", Line: d.line, Dialled: d.with.e164, E164: d.with.e164, Raw: d.with.raw, ClientName: d.with.known.name,
		ClientID: d.with.id, ResponsibleID: d.with.responsible, LeadID: d.lead, UserID: d.user,
		StartedAt: d.at, RingingAt: d.at.Add(4 * time.Second), EndedAt: d.at.Add(28 * time.Second), EndedBy: "pbx",
		Outcome: d.outcome, Cause: causes[d.outcome],
	}
	if d.talk > 0 {
		c.Outcome, c.EndedBy, c.Cause = "answered", "agent", 16
		c.AnsweredAt, c.EndedAt = d.at.Add(11*time.Second), d.at.Add(11*time.Second+d.talk)
	}
	_, err := s.file(ctx, c, d.recorded, func(l lead.Filed) error {
		if l.LeadID == 0 {
			return nil
		}
		if err := s.Ledger.Attempted(ctx, l.LeadID, c.ID, d.user, c.StartedAt); err != nil {
			return err
		}
		if d.talk > 0 {
			return s.Ledger.Reached(ctx, l.LeadID, c.ID, d.user, c.AnsweredAt)
		}
		return s.Ledger.Unreached(ctx, l.LeadID, c.ID, d.user, c.EndedAt, d.outcome)
	}, &c)
	return err
}

// file stores the call, files it in the ledger, tells what became of it, and
// keeps its sound.
func (s *story) file(ctx context.Context, c PastCall, recorded bool, tell func(lead.Filed) error, told *PastCall) (int64, error) {
	id, err := s.Calls.Begin(ctx, c)
	if err != nil {
		return 0, err
	}
	c.ID, told.ID = id, id
	filed, err := s.Ledger.Open(ctx, lead.Contact{
		Source: "call", Direction: c.Direction, LineID: c.Line.ID, LeadID: c.LeadID, ClientID: c.ClientID, E164: c.E164, Raw: c.Raw,
		Caller: c.CallerName, CallID: id, UniqueKey: fmt.Sprintf("demo/%d", id), UserID: outUser(c), At: c.StartedAt, ResponsibleID: c.ResponsibleID,
	})
	if err != nil {
		return 0, err
	}
	c.LeadID, c.InteractionID = filed.LeadID, filed.InteractionID
	if err := tell(filed); err != nil {
		return 0, err
	}
	if err := s.Calls.Finish(ctx, c); err != nil {
		return 0, err
	}
	if c.UserID != 0 && c.InteractionID != 0 {
		if err := s.exec(ctx, `update interactions set user_id = $2 where id = $1`, c.InteractionID, c.UserID); err != nil {
			return 0, err
		}
	}
	if recorded {
		err = s.Calls.Record(ctx, id, conversation(c))
	}
	return filed.LeadID, err
}

func outUser(c PastCall) int64 {
	if c.Direction == "out" {
		return c.UserID
	}
	return 0
}

// close ends a lead in the past, as the ledger does now.
func (s *story) close(ctx context.Context, leadID int64, at time.Time, user int64, closing lead.Closing, reason string) error {
	return s.exec(ctx, `with e as (insert into lead_entries (lead_id, at, kind, user_id, closing, detail)
			values ($1, $2, 'closed', $3, $4, jsonb_build_object('reason', $5::text)) returning lead_id)
		update leads set state = 'closed', closing = $4, closing_reason = $5, closed_by = $3, closed_role = 'manager', closed_at = $2, updated_at = $2
		from e where leads.id = e.lead_id`, leadID, at, user, string(closing), reason)
}

// nextStep dates what comes next with a lead, from a moment in the past.
func (s *story) nextStep(ctx context.Context, leadID int64, set, at time.Time, user int64, note string) error {
	return s.exec(ctx, `with e as (insert into lead_entries (lead_id, at, kind, user_id, detail)
			values ($1, $2, 'next_step', $3, jsonb_build_object('at', $4::timestamptz, 'note', $5::text)) returning lead_id)
		update leads set next_step_at = $4, next_step_note = $5, next_step_set_at = $2, updated_at = $2 from e where leads.id = e.lead_id`,
		leadID, set, user, at, note)
}
