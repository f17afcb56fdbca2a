package lead_test

import (
	"testing"
	"time"

	"centralita/crm/lead"
)

func TestClasses(t *testing.T) {
	hour := func(n float64) time.Time { return time.Now().Add(time.Duration(n * float64(time.Hour))) }
	type step func(w *world, id, call, user int64)
	miss := func(at time.Time) step {
		return func(w *world, id, call, _ int64) { w.ok(w.ledger.Missed(w.ctx, id, call, at, "abandoned")) }
	}
	answer := func(at time.Time) step {
		return func(w *world, id, call, user int64) { w.ok(w.ledger.Answered(w.ctx, id, call+1, user, at)) }
	}
	dial := func(at time.Time) step {
		return func(w *world, id, call, user int64) {
			w.ok(w.ledger.Attempted(w.ctx, id, call+2, user, at))
			w.ok(w.ledger.Unreached(w.ctx, id, call+2, user, at, "busy"))
		}
	}
	reach := func(at time.Time) step {
		return func(w *world, id, call, user int64) {
			w.ok(w.ledger.Attempted(w.ctx, id, call+3, user, at))
			w.ok(w.ledger.Reached(w.ctx, id, call+3, user, at))
		}
	}
	missAgain := func(at time.Time) step {
		return func(w *world, id, call, _ int64) { w.ok(w.ledger.Voicemail(w.ctx, id, call+4, at)) }
	}
	planned := func(at time.Time) step {
		return func(w *world, id, _, _ int64) {
			w.exec("update leads set next_step_at = $2, next_step_set_at = now() where id = $1", id, at)
		}
	}
	cases := []struct {
		name, class, outcome string
		steps                []step
	}{
		{"nothing yet", "new", "", nil},
		{"missed", "lost", "abandoned", []step{miss(hour(-1))}},
		{"missed, dialled in vain", "our_dial_unanswered", "busy", []step{miss(hour(-1)), dial(hour(-0.5))}},
		{"missed, called back at once", "called_back_20m", "answered", []step{miss(hour(-1)), dial(hour(-0.95)), reach(hour(-0.9))}},
		{"missed, called back later", "called_back_23h", "answered", []step{miss(hour(-23)), reach(hour(-1))}},
		{"missed, called back too late", "answered_no_next_step", "answered", []step{miss(hour(-30)), reach(hour(-1))}},
		{"missed, came again", "client_reached_us", "answered", []step{miss(hour(-1)), answer(hour(-0.5))}},
		{"answered", "answered_no_next_step", "answered", []step{answer(hour(-1))}},
		{"answered, later missed", "lost", "voicemail", []step{answer(hour(-2)), missAgain(hour(-1))}},
		{"called back, missed again", "lost", "voicemail", []step{miss(hour(-3)), reach(hour(-2.9)), missAgain(hour(-1))}},
		{"called back, and talked again later", "called_back_20m", "answered", []step{miss(hour(-3)), reach(hour(-2.9)), answer(hour(-1))}},
		{"answered, planned", "next_step_planned", "answered", []step{answer(hour(-1)), planned(hour(1))}},
		{"answered, forgotten", "next_step_overdue", "answered", []step{answer(hour(-5)), planned(hour(-1))}},
		{"planned, then missed", "lost", "voicemail", []step{answer(hour(-5)), planned(hour(5)), missAgain(hour(0.1))}},
	}
	w := newWorld(t)
	user := w.users["operator1"].UserID
	for i, c := range cases {
		call := int64(1000 + 10*i)
		contact := w.call("", hour(-40))
		f := w.file(contact)
		for _, s := range c.steps {
			s(w, f.LeadID, call, user)
			s(w, f.LeadID, call, user) // told twice, counted once
		}
		got := w.get(f.LeadID)
		if got.Class != c.class || got.LastOutcome != c.outcome {
			t.Errorf("%s: %s (%s), want %s (%s)", c.name, got.Class, got.LastOutcome, c.class, c.outcome)
		}
		if got.DueAt == nil {
			t.Errorf("%s: no due time", c.name)
		}
	}
	board, err := w.ledger.Board(w.ctx, nil)
	w.ok(err)
	var sum int64
	for _, class := range board.Classes {
		_, total, err := w.ledger.List(w.ctx, lead.Filter{Class: class.Class, Limit: 10})
		if err != nil || total != class.Count {
			t.Errorf("class %s: board %d, list %d, %v", class.Class, class.Count, total, err)
		}
		sum += class.Count
	}
	if sum != int64(len(cases)) || board.Balance.Open != sum {
		t.Errorf("%d of %d leads are of a class", sum, len(cases))
	}
	w.balanced()
}

func TestOutcomesAreRemembered(t *testing.T) {
	w := newWorld(t)
	at := time.Now().Add(-time.Hour).Truncate(time.Microsecond)
	c := w.call("+34600111222", at)
	f := w.file(c)
	user := w.users["operator1"].UserID
	w.ok(w.ledger.Answered(w.ctx, f.LeadID, c.CallID, user, at))
	got := w.get(f.LeadID)
	if !got.TouchedAt.Equal(at) || !got.AnsweredAt.Equal(at) || *got.ResponsibleID != user || got.ResponsibleName != "operator1" {
		t.Errorf("%+v", got.Lead)
	}
	if w.id("select user_id from interactions where id = $1", f.InteractionID) != user {
		t.Error("the timeline does not say who answered")
	}
	w.ok(w.ledger.Attempted(w.ctx, f.LeadID, 77, user, at.Add(time.Minute)))
	w.ok(w.ledger.Attempted(w.ctx, f.LeadID, 77, user, at.Add(time.Minute)))
	if got := w.get(f.LeadID); got.Attempts != 1 || !got.TouchedAt.Equal(at) || !got.LastAttemptAt.Equal(at.Add(time.Minute)) {
		t.Errorf("%+v", got.Lead)
	}
}

func TestNobodyIsLostBecauseSomebodyTidiedUp(t *testing.T) {
	w := newWorld(t)
	for closing, reopened := range map[lead.Closing]bool{lead.Converted: true, lead.WrittenOff: true, lead.Spam: false, lead.WrongNumber: false} {
		c := w.call("", time.Now())
		f := w.file(c)
		_, err := w.ledger.Close(w.as("manager2"), f.LeadID, closing, "tidy")
		w.ok(err)
		w.ok(w.ledger.Missed(w.ctx, f.LeadID, c.CallID, time.Now(), "abandoned"))
		if got := w.get(f.LeadID); (got.State == "open") != reopened {
			t.Errorf("closed as %s while the caller waited, then missed: %s", closing, got.State)
		}
	}
	w.balanced()
	c := w.call("+34600111222", time.Now())
	f := w.file(c)
	_, err := w.ledger.Close(w.as("manager2"), f.LeadID, lead.Converted, "")
	w.ok(err)
	newer := w.file(w.call("+34600111222", time.Now()))
	w.ok(w.ledger.Missed(w.ctx, f.LeadID, c.CallID, time.Now(), "abandoned"))
	if w.get(f.LeadID).State != "closed" || w.get(newer.LeadID).State != "open" {
		t.Error("two leads of one caller are open, or none")
	}
	w.balanced()
}
