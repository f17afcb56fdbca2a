package lead_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"centralita/crm/lead"
	"centralita/internal/fault"
)

func TestLinkMakesTheHistoryTheClients(t *testing.T) {
	w := newWorld(t)
	c := w.call("+34600111222", time.Now())
	f := w.file(c)
	w.ok(w.ledger.LinkClient(w.as("operator0"), f.LeadID, w.clients[0]))
	if got := w.get(f.LeadID); *got.ClientID != w.clients[0] || got.Entries[1].Kind != "linked" || got.Entries[1].UserName != "operator0" {
		t.Errorf("%+v", got)
	}
	for _, sql := range []string{"select client_id from interactions where id = $1", "select client_id from calls where id = (select ref_id from interactions where id = $1)"} {
		if w.id(sql, f.InteractionID) != w.clients[0] {
			t.Errorf("%s: not the client's", sql)
		}
	}
	if err := w.ledger.LinkClient(w.ctx, 999_999, w.clients[0]); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	if err := w.ledger.LinkClient(w.ctx, f.LeadID, 999_999); fault.CodeOf(err) != "client_unknown" {
		t.Error(err)
	}
	w.balanced()
}

func TestTwoOpenLeadsOfOneClientBecomeOne(t *testing.T) {
	for name, unknownFirst := range map[string]bool{"the unknown one is older": true, "the client's is older": false} {
		w := newWorld(t)
		early, late := time.Now().Add(-time.Hour), time.Now().Add(-time.Minute)
		unknown, known := w.call("+34600111222", early), w.call("+34600999888", late)
		if !unknownFirst {
			unknown.At, known.At = late, early
		}
		known.ClientID = w.clients[0]
		a, b := w.file(unknown), w.file(known)
		w.ok(w.ledger.Missed(w.ctx, a.LeadID, unknown.CallID, unknown.At, "missed"))
		w.ok(w.ledger.Answered(w.ctx, b.LeadID, known.CallID, w.users["operator0"].UserID, known.At))
		w.ok(w.ledger.LinkClient(w.as("operator0"), a.LeadID, w.clients[0]))
		older, younger := a.LeadID, b.LeadID
		if !unknownFirst {
			older, younger = younger, older
		}
		kept, dropped := w.get(older), w.get(younger)
		if kept.State != "open" || kept.Contacts != 2 || *kept.ClientID != w.clients[0] || !kept.OpenedAt.Equal(early.Truncate(time.Microsecond)) ||
			kept.Class != "lost" || kept.AnsweredAt == nil {
			t.Errorf("%s: kept %+v", name, kept.Lead)
		}
		if dropped.State != "closed" || *dropped.Closing != lead.Duplicate || dropped.ClosingReason == "" || dropped.ClosedByName != "operator0" || *dropped.ClientID != w.clients[0] {
			t.Errorf("%s: dropped %+v", name, dropped.Lead)
		}
		if _, err := w.ledger.Reopen(w.as("operator0"), younger, ""); fault.CodeOf(err) != "newer_lead_open" {
			t.Errorf("%s: the duplicate opens again: %v", name, err)
		}
		w.ok(w.ledger.Voicemail(w.ctx, younger, 9999, time.Now()))
		if w.get(older).LastOutcome != "voicemail" || w.get(younger).State != "closed" {
			t.Errorf("%s: what happens to the duplicate does not reach the lead that goes on", name)
		}
		next := w.call("+34600111222", time.Now())
		next.ClientID = w.clients[0]
		if f := w.file(next); f.LeadID != older {
			t.Errorf("%s: the next call went to %d", name, f.LeadID)
		}
		w.balanced()
	}
}

func TestLinkingAClosedLeadOpensNothing(t *testing.T) {
	w := newWorld(t)
	f := w.file(w.call("+34600111222", time.Now()))
	_, err := w.ledger.Close(w.as("operator0"), f.LeadID, lead.Spam, "")
	w.ok(err)
	c := w.call("+34600999888", time.Now())
	c.ClientID = w.clients[0]
	w.file(c)
	w.ok(w.ledger.LinkClient(w.ctx, f.LeadID, w.clients[0]))
	if got := w.get(f.LeadID); got.State != "closed" || *got.Closing != lead.Spam || *got.ClientID != w.clients[0] {
		t.Errorf("%+v", got.Lead)
	}
	w.balanced()
}

func TestLinkingWhileTheClientCalls(t *testing.T) {
	w := newWorld(t)
	for range 12 {
		client := w.id("insert into clients (kind, name, name_key) values ('person', 'x', 'x') returning id")
		f := w.file(w.call("+34600111222", time.Now()))
		calls := []lead.Contact{w.call("+34600999888", time.Now()), w.call("+34600111222", time.Now()), w.call("+34600999888", time.Now())}
		var all sync.WaitGroup
		all.Go(func() {
			if err := w.ledger.LinkClient(w.ctx, f.LeadID, client); err != nil {
				t.Error(err)
			}
		})
		for _, c := range calls {
			c.ClientID = client
			all.Go(func() {
				err := w.db.InTx(w.ctx, func(ctx context.Context) error {
					f, err := w.ledger.Open(ctx, c)
					if err != nil {
						return err
					}
					_, err = w.db.Conn(ctx).Exec(ctx, "update calls set lead_id = $2 where id = $1", c.CallID, f.LeadID)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := w.id("select count(*) from leads where state = 'open' and client_id = $1", client); n != 1 {
			t.Fatalf("%d open leads of one client", n)
		}
		_, err := w.ledger.Close(w.as("manager2"), w.id("select id from leads where state = 'open'"), lead.Converted, "")
		w.ok(err)
	}
	w.balanced()
}

// clientBase is the client base of these tests: clients 1 and 2 may be seen, and numbers become contact points.
type clientBase struct{ *world }

func (b clientBase) CanRead(_ context.Context, client int64) error {
	if client == b.clients[2] {
		return fault.New(fault.NotFound, "not_found", "There is nothing here.")
	}
	return nil
}

func (b clientBase) Adopt(ctx context.Context, client int64, e164 string) (point int64, err error) {
	err = b.db.Conn(ctx).QueryRow(ctx, `
		insert into contact_points (client_id, kind, raw, value) values ($1, 'phone', $2, $2) returning id`, client, e164).Scan(&point)
	return point, err
}

func (b clientBase) Disown(ctx context.Context, _, point int64) error {
	_, err := b.db.Conn(ctx).Exec(ctx, "delete from contact_points where id = $1", point)
	return err
}

func (b clientBase) Linked(_ context.Context, lead, client int64) {
	b.exec("insert into audit_entries (action, entity, entity_id) values ('told', 'client', $1), ('told', 'lead', $2)", client, lead)
}

func TestALeadIsLinkedToAnExistingClientAndTakenBack(t *testing.T) {
	w := newWorld(t)
	base, ctx := clientBase{w}, w.as("operator0")
	f := w.file(w.call("+34600111222", time.Now()))
	if _, err := w.ledger.Unlink(ctx, base, f.LeadID); fault.CodeOf(err) != "lead_not_linked" {
		t.Error(err)
	}
	if _, err := w.ledger.Link(ctx, base, f.LeadID, w.clients[2]); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a client out of sight: %v", err)
	}
	linked, err := w.ledger.Link(ctx, base, f.LeadID, w.clients[0])
	w.ok(err)
	numbers := "select count(*) from contact_points where client_id = $1"
	if linked.ClientID == nil || *linked.ClientID != w.clients[0] || w.id(numbers, w.clients[0]) != 1 {
		t.Fatalf("linked: %+v", linked)
	}
	back, err := w.ledger.Unlink(ctx, base, f.LeadID)
	w.ok(err)
	left := w.id("select count(*) from interactions where client_id is not null") + w.id("select count(*) from calls where client_id is not null")
	if back.ClientID != nil || left != 0 || w.id(numbers, w.clients[0]) != 0 {
		t.Errorf("taken back: %+v, %d rows left", back, left)
	}
	if n := w.id("select count(*) from audit_entries where action in ('link', 'unlink') and entity_id = $1", f.LeadID); n != 2 {
		t.Errorf("%d entries in the log", n)
	}
	// The number alone is the identity again: its next call continues this lead.
	again := w.call("+34600111222", time.Now())
	if g := w.file(again); g.LeadID != f.LeadID || g.Opened {
		t.Errorf("the next call: %+v", g)
	}
	w.balanced()
}

func TestJoinedLeadsAreNotTakenApart(t *testing.T) {
	w := newWorld(t)
	base, ctx := clientBase{w}, w.as("operator0")
	known := w.call("+34600999888", time.Now())
	known.ClientID = w.clients[0]
	w.file(known)
	stray := w.file(w.call("+34600111222", time.Now()))
	joined, err := w.ledger.Link(ctx, base, stray.LeadID, w.clients[0])
	w.ok(err)
	if joined.Closing == nil || *joined.Closing != lead.Duplicate {
		t.Fatalf("joined: %+v", joined)
	}
	if _, err := w.ledger.Unlink(ctx, base, stray.LeadID); fault.CodeOf(err) != "lead_merged" {
		t.Error(err)
	}
	w.balanced()
}

func TestALeadWithoutANumberIsCalledOnItsClients(t *testing.T) {
	w := newWorld(t)
	lead, err := w.ledger.Create(w.as("operator0"), lead.New{ClientID: w.clients[0], Note: "asked for an offer"})
	w.ok(err)
	callable := func(point int64) (string, string) {
		number, _, _, err := w.ledger.Callable(w.ctx, lead.ID, point)
		return number, fault.CodeOf(err)
	}
	if _, code := callable(0); code != "number_unknown" {
		t.Error(code)
	}
	add := "insert into contact_points (client_id, kind, raw, value) values ($1, 'phone', $2, $2) returning id"
	first := w.id(add, w.clients[0], "+34600111222")
	if number, code := callable(0); number != "+34600111222" {
		t.Error(number, code)
	}
	w.id(add, w.clients[0], "+34600333444")
	other := w.id(add, w.clients[1], "+34600555666")
	if _, code := callable(0); code != "number_choose" {
		t.Error(code)
	}
	if number, code := callable(first); number != "+34600111222" {
		t.Error(number, code)
	}
	if _, code := callable(other); code != "number_unknown" {
		t.Errorf("somebody else's number: %q", code)
	}
}
