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
