package lead_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"centralita/crm/lead"
	"centralita/internal/fault"
)

// TestAnyHistoryBalances does whatever people and callers may do, in any order,
// and holds the ledger to its law after each act.
func TestAnyHistoryBalances(t *testing.T) {
	w := newWorld(t)
	users := []string{"operator0", "operator1", "manager2", "admin3"}
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		var leads []int64
		lastCall := map[int64]int64{}
		number := func(rt *rapid.T) string {
			return fmt.Sprintf("+346%08d", 10*round+rapid.IntRange(0, 3).Draw(rt, "number"))
		}
		pick := func(rt *rapid.T) int64 {
			if len(leads) == 0 {
				rt.Skip("no lead yet")
			}
			return rapid.SampledFrom(leads).Draw(rt, "lead")
		}
		as := func(rt *rapid.T) string { return rapid.SampledFrom(users).Draw(rt, "user") }
		allowed := func(err error) {
			var f *fault.Error
			if err != nil && !errors.As(err, &f) {
				rt.Fatal(err)
			}
			if fault.KindOf(err) == fault.Unavailable {
				rt.Fatal(err)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"call": func(rt *rapid.T) {
				c := w.call("", time.Now())
				if rapid.IntRange(0, 4).Draw(rt, "withheld") > 0 {
					c.E164 = number(rt)
				}
				if client := rapid.IntRange(-2, 2).Draw(rt, "client"); client >= 0 {
					c.ClientID = w.clients[client]
				}
				c.LineID = rapid.SampledFrom(w.lines).Draw(rt, "line")
				f := w.file(c)
				lastCall[f.LeadID] = c.CallID
				if !slices.Contains(leads, f.LeadID) {
					leads = append(leads, f.LeadID)
				}
			},
			"by hand": func(rt *rapid.T) {
				got, err := w.ledger.Create(w.as(as(rt)), lead.New{Number: number(rt), LineID: w.lines[0]})
				allowed(err)
				if !slices.Contains(leads, got.ID) {
					leads = append(leads, got.ID)
				}
			},
			"close": func(rt *rapid.T) {
				closing := rapid.SampledFrom(lead.Closings).Draw(rt, "closing")
				_, err := w.ledger.Close(w.as(as(rt)), pick(rt), closing, rapid.SampledFrom([]string{"", "because"}).Draw(rt, "reason"))
				allowed(err)
			},
			"reopen": func(rt *rapid.T) {
				_, err := w.ledger.Reopen(w.as(as(rt)), pick(rt), "")
				allowed(err)
			},
			"link": func(rt *rapid.T) {
				allowed(w.ledger.LinkClient(w.as(as(rt)), pick(rt), rapid.SampledFrom(w.clients).Draw(rt, "client")))
			},
			"missed": func(rt *rapid.T) {
				id := pick(rt)
				allowed(w.ledger.Missed(w.ctx, id, lastCall[id]+1_000_000*rapid.Int64Range(0, 2).Draw(rt, "other"), time.Now(), "missed"))
			},
			"reached": func(rt *rapid.T) {
				id := pick(rt)
				allowed(w.ledger.Reached(w.ctx, id, rapid.Int64Range(1, 9).Draw(rt, "call"), w.users[as(rt)].UserID, time.Now()))
			},
			"lease": func(rt *rapid.T) {
				allowed(w.ledger.Lease(w.ctx, pick(rt), w.users[as(rt)].UserID, time.Minute))
			},
			"": func(rt *rapid.T) {
				r, err := w.ledger.Check(w.ctx)
				if err != nil || !r.OK() {
					rt.Fatalf("%+v %v", r, err)
				}
				if n := w.id("select count(*) from (select 1 from leads where state = 'open' group by identity, coalesce(line_id, 0) having count(*) > 1) d"); n != 0 {
					rt.Fatalf("%d callers have several open leads on a line", n)
				}
				if n := w.id("select count(*) from leads where state = 'open' and client_id is not null and identity <> 'c:' || client_id"); n != 0 {
					rt.Fatalf("%d open leads of a client under another identity", n)
				}
			},
		})
	})
}
