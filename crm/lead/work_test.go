package lead_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"centralita/crm/lead"
	"centralita/internal/fault"
)

func TestClosingRules(t *testing.T) {
	w := newWorld(t)
	fresh := func(responsible string) int64 {
		c := w.call("", time.Now())
		if responsible != "" {
			c.ResponsibleID = w.users[responsible].UserID
		}
		return w.file(c).LeadID
	}
	for _, c := range []struct {
		as, responsible string
		closing         lead.Closing
		reason, want    string
	}{
		{"operator0", "", lead.Converted, "", "internal"},
		{"operator0", "", lead.WrittenOff, "", "reason_required"},
		{"operator0", "", lead.Duplicate, "  ", "reason_required"},
		{"operator0", "operator1", lead.WrittenOff, "no budget", "not_yours"},
		{"operator0", "operator0", lead.WrittenOff, "no budget", "internal"},
		{"manager2", "operator1", lead.WrittenOff, "no budget", "internal"},
		{"operator0", "operator1", lead.Spam, "", "internal"},
		{"operator0", "", "lost", "", "closing_unknown"},
	} {
		id := fresh(c.responsible)
		closed, err := w.ledger.Close(w.as(c.as), id, c.closing, c.reason)
		if fault.CodeOf(err) != c.want {
			t.Errorf("%s closes as %s: %v", c.as, c.closing, err)
		}
		if err == nil && (closed.State != "closed" || *closed.Closing != c.closing || closed.ClosedByName != c.as || closed.ClosedAt == nil || closed.DueAt != nil) {
			t.Errorf("%+v", closed)
		}
		if err != nil && w.get(id).State != "open" {
			t.Error("a refused closing closed it")
		}
	}
	if n := w.id("select count(*) from leads where state = 'closed' and closed_role = ''"); n != 0 {
		t.Errorf("%d closings without a role", n)
	}
	w.balanced()
}

func TestReopenIsUndo(t *testing.T) {
	w := newWorld(t)
	ctx := w.as("operator0")
	f := w.file(w.call("+34600111222", time.Now()))
	if _, err := w.ledger.Reopen(ctx, f.LeadID, ""); fault.CodeOf(err) != "lead_open" {
		t.Error(err)
	}
	_, err := w.ledger.Close(ctx, f.LeadID, lead.Spam, "")
	w.ok(err)
	if _, err := w.ledger.Close(ctx, f.LeadID, lead.Spam, ""); fault.CodeOf(err) != "lead_closed" {
		t.Error(err)
	}
	opened, err := w.ledger.Reopen(ctx, f.LeadID, "mistake")
	if err != nil || opened.State != "open" || opened.Closing != nil {
		t.Errorf("%+v %v", opened, err)
	}
	w.balanced()
	_, err = w.ledger.Close(ctx, f.LeadID, lead.Spam, "")
	w.ok(err)
	w.file(w.call("+34600111222", time.Now()))
	if _, err := w.ledger.Reopen(ctx, f.LeadID, "mistake"); fault.CodeOf(err) != "newer_lead_open" {
		t.Error(err)
	}
	w.balanced()
}

func TestNextStepAndAssign(t *testing.T) {
	w := newWorld(t)
	ctx := w.as("operator0")
	id := w.file(w.call("", time.Now())).LeadID
	at := func(d time.Duration) *time.Time { v := time.Now().Add(d); return &v }
	for _, bad := range []*time.Time{at(-time.Second), at(20 * 365 * 24 * time.Hour), {}} {
		if _, err := w.ledger.NextStep(ctx, id, bad, ""); fault.CodeOf(err) != "time_in_past" {
			t.Errorf("%v: %v", bad, err)
		}
	}
	got, err := w.ledger.NextStep(ctx, id, at(time.Hour), "send the offer")
	if err != nil || got.Class != "next_step_planned" || got.NextStepNote != "send the offer" {
		t.Errorf("%+v %v", got, err)
	}
	if got, err = w.ledger.NextStep(ctx, id, nil, ""); err != nil || got.Class != "new" || got.NextStepAt != nil {
		t.Errorf("%+v %v", got, err)
	}
	user := w.users["operator1"].UserID
	if got, err = w.ledger.Assign(w.as("manager2"), id, &user); err != nil || *got.ResponsibleID != user {
		t.Errorf("%+v %v", got, err)
	}
	w.exec("update users set active = false where id = $1", user)
	if _, err = w.ledger.Assign(w.as("manager2"), id, &user); fault.CodeOf(err) != "user_unknown" {
		t.Error(err)
	}
	if got, err = w.ledger.Assign(w.as("manager2"), id, nil); err != nil || got.ResponsibleID != nil {
		t.Errorf("%+v %v", got, err)
	}
	if got, err = w.ledger.SetNote(ctx, id, "call before noon"); err != nil || got.Note != "call before noon" {
		t.Errorf("%+v %v", got, err)
	}
	if n := w.id("select count(*) from audit_entries where entity = 'lead' and entity_id = $1", id); n != 5 {
		t.Errorf("%d audit entries", n)
	}
	var kinds []string
	for _, e := range w.get(id).Entries {
		kinds = append(kinds, e.Kind)
	}
	if len(kinds) != 6 {
		t.Errorf("journal %v", kinds)
	}
	if _, err := w.ledger.SetNote(ctx, 999_999, "x"); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
}

func TestOfTwoTakersOneWins(t *testing.T) {
	w := newWorld(t)
	id := w.file(w.call("+34600111222", time.Now())).LeadID
	var won, refused atomic.Int64
	var all sync.WaitGroup
	users := []string{"operator0", "operator1", "manager2", "admin3"}
	for _, name := range users {
		all.Go(func() {
			switch _, err := w.ledger.Take(w.as(name), id, w.users[name].UserID); fault.CodeOf(err) {
			case "internal":
				if err != nil {
					t.Error(err)
				}
				won.Add(1)
			case "leased":
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 || refused.Load() != 3 {
		t.Fatalf("%d won, %d were refused", won.Load(), refused.Load())
	}
	holder := w.get(id).Lease
	for _, name := range users {
		_, err := w.ledger.NextStep(w.as(name), id, nil, "")
		if mine := w.users[name].UserID == holder.UserID; mine != (err == nil) {
			t.Errorf("%s works the lead of %s: %v", name, holder.UserName, err)
		}
		if err == nil {
			continue
		}
		if _, err := w.ledger.Close(w.as(name), id, lead.Spam, ""); fault.CodeOf(err) != "leased" {
			t.Errorf("%s closes the lead of %s: %v", name, holder.UserName, err)
		}
	}
}

func TestALeaseRunsOutByTheClock(t *testing.T) {
	w := newWorld(t)
	a, b := w.users["operator0"].UserID, w.users["operator1"].UserID
	id := w.file(w.call("", time.Now())).LeadID
	w.ok(w.ledger.Lease(w.ctx, id, a, time.Minute))
	w.ok(w.ledger.Lease(w.ctx, id, a, time.Minute))
	w.ok(w.ledger.Renew(w.ctx, id, a, 5*time.Minute))
	if until := w.get(id).Lease.Until; time.Until(until) < 4*time.Minute {
		t.Errorf("renewed until %v", until)
	}
	if err := w.ledger.Renew(w.ctx, id, b, time.Minute); fault.CodeOf(err) != "lease_lost" {
		t.Error(err)
	}
	w.exec("update leads set lease_until = now() where id = $1", id)
	if w.get(id).Lease != nil {
		t.Error("a lease that ran out is shown")
	}
	w.ok(w.ledger.Lease(w.ctx, id, b, time.Minute))
	if err := w.ledger.Renew(w.ctx, id, a, time.Minute); fault.CodeOf(err) != "lease_lost" {
		t.Error(err)
	}
	w.ok(w.ledger.Release(w.ctx, id, a))
	if w.get(id).Lease == nil {
		t.Error("released by somebody who does not hold it")
	}
	w.exec("update leads set lease_until = now() where id = $1", id)
	if n, err := w.ledger.ReleaseExpired(w.ctx); n != 1 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	if n, err := w.ledger.ReleaseExpired(w.ctx); n != 0 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	if n := w.id("select count(*) from lead_entries where kind = 'leased' and lead_id = $1", id); n != 2 {
		t.Errorf("%d entries of leases", n)
	}
}

func TestTheCallKeepsItsLease(t *testing.T) {
	w := newWorld(t)
	a, b := w.users["operator0"].UserID, w.users["operator1"].UserID
	idle, calling := w.file(w.call("", time.Now())).LeadID, w.file(w.call("", time.Now())).LeadID
	w.ok(w.ledger.Lease(w.ctx, idle, a, time.Minute))
	w.ok(w.ledger.Lease(w.ctx, calling, a, time.Minute))
	back := w.call("", time.Now())
	w.exec("update calls set direction = 'out' where id = $1", back.CallID)
	w.ok(w.ledger.Attempted(w.ctx, calling, back.CallID, a, time.Now()))
	w.ok(w.ledger.Reached(w.ctx, calling, back.CallID, a, time.Now()))
	w.exec("update leads set lease_until = now() - interval '1 hour' where id = $1", calling)
	w.ok(w.ledger.ReleaseUser(w.ctx, a))
	if n, err := w.ledger.ReleaseExpired(w.ctx); n != 0 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	if w.get(idle).Lease != nil || w.get(calling).Lease == nil || *w.get(calling).Lease.CallID != back.CallID {
		t.Errorf("%+v %+v", w.get(idle).Lease, w.get(calling).Lease)
	}
	if err := w.ledger.Lease(w.ctx, calling, b, time.Minute); fault.CodeOf(err) != "leased" {
		t.Errorf("taken away in the middle of the call: %v", err)
	}
	w.exec("update calls set ended_at = now() - interval '1 minute' where id = $1", back.CallID)
	if l := w.get(calling).Lease; l == nil || time.Until(l.Until) > time.Minute {
		t.Errorf("a minute after the call: %+v", l)
	}
	w.exec("update calls set ended_at = now() - interval '2 minutes' where id = $1", back.CallID)
	if n, err := w.ledger.ReleaseExpired(w.ctx); n != 1 || err != nil || w.get(calling).Lease != nil {
		t.Errorf("two minutes after the call: %d %v", n, err)
	}
	w.ok(w.ledger.Lease(w.ctx, calling, b, time.Minute))
	w.ok(w.ledger.ReleaseUser(w.ctx, b))
	if w.get(calling).Lease != nil {
		t.Error("a dead browser keeps its lease")
	}
	w.balanced()
}

func TestNoLeaseOnANumberInConversation(t *testing.T) {
	w := newWorld(t)
	c := w.call("+34600111222", time.Now())
	id := w.file(c).LeadID
	w.exec("update calls set e164 = '+34600111222', user_id = $2 where id = $1", c.CallID, w.users["operator1"].UserID)
	if _, err := w.ledger.Take(w.as("operator0"), id, w.users["operator0"].UserID); fault.CodeOf(err) != "number_busy" {
		t.Error(err)
	}
	if _, err := w.ledger.Take(w.as("operator1"), id, w.users["operator1"].UserID); err != nil {
		t.Errorf("who talks with him may: %v", err)
	}
	w.exec("update calls set ended_at = now() where id = $1", c.CallID)
	w.ok(w.ledger.ReleaseUser(w.ctx, w.users["operator1"].UserID))
	if got, err := w.ledger.Take(w.as("operator0"), id, w.users["operator0"].UserID); err != nil || got.Lease == nil {
		t.Error(err)
	}
}

func TestNothingIsLeasedAfterClosing(t *testing.T) {
	w := newWorld(t)
	user := w.users["operator0"].UserID
	id := w.file(w.call("", time.Now())).LeadID
	w.ok(w.ledger.Lease(w.ctx, id, user, time.Minute))
	closed, err := w.ledger.Close(w.as("operator0"), id, lead.Spam, "")
	if err != nil || closed.Lease != nil {
		t.Errorf("%+v %v", closed.Lease, err)
	}
	for name, err := range map[string]error{
		"lease":    w.ledger.Lease(w.ctx, id, user, time.Minute),
		"callable": func() error { _, _, _, err := w.ledger.Callable(context.Background(), id, 0); return err }(),
	} {
		if fault.CodeOf(err) != "lead_closed" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := w.ledger.Lease(w.ctx, 999_999, user, time.Minute); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
}
