package lead_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"centralita/crm/lead"
	"centralita/internal/fault"
)

func TestAContactOpensOrContinues(t *testing.T) {
	w := newWorld(t)
	now := time.Now()
	first := w.file(w.call("+34600111222", now.Add(-time.Hour)))
	second := w.file(w.call("+34600111222", now))
	if !first.Opened || second.Opened || first.LeadID != second.LeadID || first.InteractionID == second.InteractionID || first.InteractionID == 0 {
		t.Fatalf("%+v, %+v", first, second)
	}
	other := w.call("+34600111222", now)
	other.LineID = w.lines[1]
	if f := w.file(other); !f.Opened {
		t.Error("another line continued it")
	}
	got := w.get(first.LeadID)
	if got.Contacts != 2 || !got.LastContactAt.Equal(now.Truncate(time.Microsecond)) || got.Value != "150.00" || got.Currency != "EUR" ||
		got.Line.Name != "Line 0" || got.NumberDisplay != "+34 600 11 12 22" || len(got.Entries) != 2 || got.Entries[1].Kind != "continued" {
		t.Errorf("%+v", got)
	}
	if w.signals.count("leads.changed") != 3 {
		t.Errorf("signals: %v", w.signals.kinds)
	}
	w.balanced()
}

func TestAClosedLeadIsNotContinued(t *testing.T) {
	w := newWorld(t)
	first := w.file(w.call("+34600111222", time.Now()))
	if _, err := w.ledger.Close(w.as("manager2"), first.LeadID, lead.Converted, ""); err != nil {
		t.Fatal(err)
	}
	if f := w.file(w.call("+34600111222", time.Now())); !f.Opened || f.LeadID == first.LeadID {
		t.Errorf("%+v", f)
	}
	w.balanced()
}

func TestWithheldNumbersNeverMeet(t *testing.T) {
	w := newWorld(t)
	seen := map[int64]bool{}
	for _, raw := range []string{"anonymous", "", "alice.smith", "Robert'); DROP TABLE leads;--", "<img src=x onerror=alert(1)>", "a\x00b\xff", strings.Repeat("9", 70_000), "100&PJSIP/trunk/0019005551212"} {
		for range 2 {
			c := w.call("", time.Now())
			c.Raw, c.Caller = raw, raw
			f := w.file(c)
			if !f.Opened || seen[f.LeadID] {
				t.Errorf("%.40q: %+v", raw, f)
			}
			seen[f.LeadID] = true
			if _, _, _, err := w.ledger.Callable(w.ctx, f.LeadID, 0); fault.CodeOf(err) != "number_unknown" {
				t.Errorf("%.40q can be called back: %v", raw, err)
			}
		}
	}
	w.balanced()
}

func TestTheSameContactIsFiledOnce(t *testing.T) {
	w := newWorld(t)
	c := w.call("+34600111222", time.Now())
	first, again := w.file(c), w.file(c)
	if again.Opened || again.LeadID != first.LeadID || again.InteractionID != first.InteractionID || w.get(first.LeadID).Contacts != 1 {
		t.Errorf("%+v, %+v", first, again)
	}
	w.balanced()
}

func TestParallelContactsOfOneCallerAreOneLead(t *testing.T) {
	w := newWorld(t)
	var all sync.WaitGroup
	var opened atomic.Int64
	ids := make([]int64, 24)
	contacts := make([]lead.Contact, len(ids))
	for i := range ids {
		contacts[i] = w.call("+34600111222", time.Now())
	}
	for i := range ids {
		all.Go(func() {
			err := w.db.InTx(w.ctx, func(ctx context.Context) error {
				f, err := w.ledger.Open(ctx, contacts[i])
				if err != nil {
					return err
				}
				if ids[i] = f.LeadID; f.Opened {
					opened.Add(1)
				}
				_, err = w.db.Conn(ctx).Exec(ctx, "update calls set lead_id = $2 where id = $1", contacts[i].CallID, f.LeadID)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("several leads: %v", ids)
		}
	}
	if opened.Load() != 1 || w.get(ids[0]).Contacts != len(ids) {
		t.Errorf("opened %d times, %d contacts", opened.Load(), w.get(ids[0]).Contacts)
	}
	w.balanced()
}

func TestRollbackLeavesNothing(t *testing.T) {
	w := newWorld(t)
	c := w.call("+34600111222", time.Now())
	err := w.db.InTx(w.ctx, func(ctx context.Context) error {
		if _, err := w.ledger.Open(ctx, c); err != nil {
			return err
		}
		return fault.New(fault.Conflict, "no", "no")
	})
	if fault.CodeOf(err) != "no" {
		t.Fatal(err)
	}
	if n := w.id("select count(*) from leads"); n != 0 || w.signals.count("leads.changed") != 0 {
		t.Errorf("%d leads, signals %v", n, w.signals.kinds)
	}
}

func TestACallerWhoBecameAClientGoesOnWithHisLead(t *testing.T) {
	w := newWorld(t)
	opened := w.file(w.call("+34600111222", time.Now().Add(-time.Hour)))
	c := w.call("+34600111222", time.Now())
	c.ClientID = w.clients[0]
	f := w.file(c)
	got := w.get(f.LeadID)
	if f.Opened || f.LeadID != opened.LeadID || *got.ClientID != w.clients[0] || got.Contacts != 2 {
		t.Errorf("%+v %+v", f, got.Lead)
	}
	elsewhere := w.call("+34600999888", time.Now())
	elsewhere.ClientID = w.clients[0]
	if f := w.file(elsewhere); f.LeadID != opened.LeadID {
		t.Errorf("the client's other number went to lead %d", f.LeadID)
	}
	w.balanced()
}

func TestContactsOutOpenNothing(t *testing.T) {
	w := newWorld(t)
	out := func(number string, leadID int64) lead.Filed {
		c := w.call(number, time.Now())
		w.exec("update calls set direction = 'out' where id = $1", c.CallID)
		c.Direction, c.LeadID, c.UserID = "out", leadID, w.users["operator0"].UserID
		return w.file(c)
	}
	opened := w.file(w.call("+34600111222", time.Now()))
	if f := out("+34600111222", 0); f.LeadID != opened.LeadID || f.Opened || f.InteractionID == 0 {
		t.Errorf("%+v", f)
	}
	if f := out("+34600333444", opened.LeadID); f.LeadID != opened.LeadID {
		t.Errorf("%+v", f)
	}
	if f := out("+34600333444", 0); f.LeadID != 0 || f.InteractionID == 0 {
		t.Errorf("%+v", f)
	}
	if w.get(opened.LeadID).Contacts != 1 {
		t.Error("a contact out counts as one of the caller's")
	}
	w.balanced()
}

func TestCreateByHand(t *testing.T) {
	w := newWorld(t)
	ctx := w.as("operator0")
	created, err := w.ledger.Create(ctx, lead.New{Number: "600 11-12/22", LineID: w.lines[0], Note: " wants a quote "})
	w.ok(err)
	if created.Number != "+34600111222" || created.Note != "wants a quote" || created.Class != "new" || created.Continued {
		t.Errorf("%+v", created)
	}
	again, err := w.ledger.Create(ctx, lead.New{Number: "+34600111222", LineID: w.lines[0]})
	w.ok(err)
	if again.ID != created.ID || !again.Continued {
		t.Errorf("%+v", again)
	}
	point := w.id(`insert into contact_points (client_id, kind, raw, value) values ($1, 'phone', '1', '+34600555666') returning id`, w.clients[1])
	w.exec(`insert into contact_readings (e164, contact_point_id, client_id) values ('+34600555666', $1, $2)`, point, w.clients[1])
	owned, err := w.ledger.Create(ctx, lead.New{Number: "+34600555666", LineID: w.lines[0]})
	w.ok(err)
	if owned.ClientID == nil || *owned.ClientID != w.clients[1] || owned.ClientName != "client 1" {
		t.Errorf("%+v", owned)
	}
	if n := w.id("select count(*) from audit_entries where action = 'create' and entity = 'lead' and user_id = $1", w.users["operator0"].UserID); n != 3 {
		t.Errorf("%d audit entries", n)
	}
	for n, want := range map[lead.New]string{
		{}: "lead_empty", {Number: "  "}: "lead_empty", {ClientID: 999}: "reference_unknown", {LineID: 999, Note: "x"}: "reference_unknown",
		{Note: strings.Repeat("x", 1001)}: "invalid_input",
	} {
		if _, err := w.ledger.Create(ctx, n); fault.CodeOf(err) != want {
			t.Errorf("%.60s: %v", fmt.Sprint(n), err)
		}
	}
	w.balanced()
}
