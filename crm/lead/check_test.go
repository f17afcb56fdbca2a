package lead_test

import (
	"testing"
	"time"

	"centralita/crm/lead"
)

func TestTheCheckCanFail(t *testing.T) {
	corruptions := map[string]struct {
		do   func(w *world, open, closed int64)
		what func(r lead.Report) int64
	}{
		"a lead behind the journal's back": {
			func(w *world, _, _ int64) { w.exec("insert into leads (identity, source) values ('x', 'call')") },
			func(r lead.Report) int64 { return -r.Total.Difference }},
		"a deleted lead": {
			func(w *world, open, _ int64) {
				w.exec("drop trigger leads_stay on leads")
				w.exec("delete from leads where id = $1", open)
			},
			func(r lead.Report) int64 { return r.Total.Difference }},
		"a closing without an entry": {
			func(w *world, open, _ int64) {
				w.exec("update leads set state = 'closed', closing = 'spam', closed_at = now() where id = $1", open)
			},
			func(r lead.Report) int64 { return r.Journal.Count }},
		"another closing than was written": {
			func(w *world, _, closed int64) {
				w.exec("update leads set closing = 'converted' where id = $1", closed)
			},
			func(r lead.Report) int64 { return r.Journal.Count }},
		"one lead hidden, another invented": {
			func(w *world, open, _ int64) {
				w.exec("insert into leads (identity, source) values ('x', 'call')")
				w.exec("insert into lead_entries (lead_id, kind) values ($1, 'opened')", open)
			},
			func(r lead.Report) int64 { return r.Journal.Count - 1 }},
		"a call without a lead": {
			func(w *world, _, _ int64) { w.call("+34600333444", time.Now()) },
			func(r lead.Report) int64 { return r.Calls.Count * r.Total.CallsWithoutLead }},
		"a call that only the switch saw": {
			func(w *world, _, _ int64) {
				w.exec("insert into witnessed_calls (asterisk_id, uniqueid, linkedid, dialled, started_at) values ('pbx', '1.1', '1.1', '1', now() - interval '1 minute')")
			},
			func(r lead.Report) int64 { return r.Witnessed.Count * r.Total.CallsWithoutLead }},
		"a contact that its lead does not know": {
			func(w *world, open, _ int64) {
				w.exec("insert into interactions (kind, direction, at, lead_id, ref_id) values ('sms', 'in', now(), $1, 5)", open)
			},
			func(r lead.Report) int64 { return r.Contacts.Count }},
	}
	for name, c := range corruptions {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			open, closed := w.file(w.call("+34600111222", time.Now())), w.file(w.call("+34600111333", time.Now()))
			_, err := w.ledger.Close(w.as("manager2"), closed.LeadID, lead.Spam, "")
			w.ok(err)
			w.balanced()
			c.do(w, open.LeadID, closed.LeadID)
			r, err := w.ledger.Check(w.ctx)
			if err != nil || r.OK() || c.what(r) != 1 {
				t.Errorf("not found: %+v %v", r, err)
			}
		})
	}
}

func TestTheJournalOnlyGrows(t *testing.T) {
	w := newWorld(t)
	w.file(w.call("", time.Now()))
	for _, sql := range []string{"delete from lead_entries", "update lead_entries set kind = 'note'", "truncate lead_entries",
		"delete from leads", "truncate leads", "delete from audit_entries", "update audit_entries set action = 'x'", "truncate audit_entries"} {
		if _, err := w.db.Conn(w.ctx).Exec(w.ctx, sql); err == nil {
			t.Errorf("%s: allowed", sql)
		}
	}
}

func TestTheCheckTellsLinesApart(t *testing.T) {
	w := newWorld(t)
	w.file(w.call("+34600111222", time.Now()))
	c := w.call("", time.Now())
	c.LineID = w.lines[1]
	w.file(c)
	_, err := w.ledger.Create(w.as("operator0"), lead.New{Note: "walked in"})
	w.ok(err)
	r, err := w.ledger.Check(w.ctx)
	w.ok(err)
	if len(r.Lines) != 3 || r.Lines[0].LineID != 0 || r.Lines[1].Line != "Line 0" || r.Lines[2].Opened != 1 || r.Total.Opened != 3 || !r.OK() {
		t.Errorf("%+v", r)
	}
}
