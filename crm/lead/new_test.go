package lead_test

import (
	"context"
	"testing"
	"time"

	"centralita/crm/lead"
)

// fileNew files c as a new lead, and then something that refers to it, as the call itself does.
func (w *world) fileNew(c lead.Contact) (filed lead.Filed, err error) {
	err = w.db.InTx(w.ctx, func(ctx context.Context) error {
		if filed, err = w.ledger.OpenNew(ctx, c); err != nil {
			return err
		}
		_, err := w.db.Conn(ctx).Exec(ctx, `insert into reminders (lead_id, audience, user_id, channel, text, local_time, time_zone, due_at)
			values ($1, 'user', $2, 'app', 'x', '', 'UTC', now())`,
			filed.LeadID, w.users["operator0"].UserID)
		return err
	})
	return filed, err
}

// What is taken for a new lead makes the same rows as one that was looked for, and none when it is not new.
func TestANewLeadIsAsOneThatWasLookedFor(t *testing.T) {
	w := newWorld(t)
	told := map[int64]string{}
	w.ledger.Follow(func(context.Context, string) bool { return true },
		func(_ context.Context, kind string, lead int64) error { told[lead] = kind; return nil })
	rows := func(id int64) (row string) {
		w.TB.Helper()
		const sql = `select (select to_jsonb(l) - '{id,identity,client_id,responsible_id,number,raw,opened_at,last_contact_at,created_at,updated_at}'::text[] from leads l where id = $1)::text
			|| (select jsonb_agg(to_jsonb(e) - '{id,lead_id,at,call_id}'::text[]) from lead_entries e where lead_id = $1)::text
			|| (select jsonb_agg(to_jsonb(i) - '{id,client_id,lead_id,at,ref_id}'::text[]) from interactions i where lead_id = $1)::text`
		if err := w.db.Conn(w.ctx).QueryRow(w.ctx, sql, id).Scan(&row); err != nil {
			t.Fatal(err)
		}
		return row
	}
	for name, clients := range map[string][2]int64{"a stranger": {}, "a client": {w.clients[0], w.clients[1]}} {
		searched, fresh := w.call("+34600111001", time.Now()), w.call("+34600111002", time.Now())
		searched.ClientID, fresh.ClientID = clients[0], clients[1]
		a := w.file(searched)
		b, err := w.fileNew(fresh)
		if err != nil || !b.Opened || b.InteractionID == 0 {
			t.Fatalf("%s: %+v %v", name, b, err)
		}
		if got, want := rows(b.LeadID), rows(a.LeadID); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", name, got, want)
		}
		if told[a.LeadID] != "opened" || told[b.LeadID] != "opened" {
			t.Errorf("%s: followers were told %v", name, told)
		}
		w.exec(`update leads set identity = 'x' || id where id in ($1, $2)`, a.LeadID, b.LeadID)
	}
}

func TestALeadThatIsNotNewIsNotOpenedAsOne(t *testing.T) {
	w := newWorld(t)
	w.file(w.call("+34600111222", time.Now()))
	count := func() int64 { return w.id(`select count(*) from leads`) + w.id(`select count(*) from interactions`) }
	before := count()
	again := w.call("+34600111222", time.Now())
	owner := again // the number is a client's now, and his lead must be made the client's
	owner.ClientID = w.clients[0]
	elsewhere := again
	elsewhere.LineID = 999
	for name, c := range map[string]lead.Contact{"open": again, "of the number alone": owner, "no such line": elsewhere} {
		if f, err := w.fileNew(c); err == nil {
			t.Errorf("%s: filed as %+v", name, f)
		}
	}
	if count() != before {
		t.Error("something was left of it")
	}
}
