package reminder_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"centralita/crm/access"
	"centralita/crm/reminder"
	"centralita/internal/fault"
)

const count = `select count(*) from reminders where state = $1`

func TestARemindersSMSGoesOutOnceAndAWordComesOnTheScreen(t *testing.T) {
	r := newRig(t)
	sms := r.create(r.toClient("mañana a las 10", r.in(time.Hour)))
	word := r.create(r.toSelf("call Iván", r.in(time.Hour)))
	if sms.TimeZone != "Europe/Madrid" || sms.State != reminder.Pending || word.UserID == nil || *word.UserID != r.user || sms.CreatedByName != "Ana" {
		t.Errorf("%+v %+v", sms, word)
	}
	r.start()
	if err := r.service.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := r.int(count, "pending"); n != 2 {
		t.Fatalf("%d still wait: they came too early", n)
	}
	r.clock.move(2 * time.Hour)
	var group sync.WaitGroup
	for range 8 { // whoever comes first
		group.Go(func() {
			if err := r.service.Sweep(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := r.int(count, "fired"); n != 2 {
		t.Errorf("%d fired", n)
	}
	r.until(1, `select count(*) from messages where reminder_id = $1 and state in ('accepted', 'sent', 'delivered') and user_id = $2`, sms.ID, r.user)
	if n := len(r.sim.Outbox()); n != 1 {
		t.Errorf("%d SMS", n)
	}
	if n := r.events("reminder.due"); n != 1 {
		t.Errorf("%d events", n)
	}
	if done, err := r.service.Done(r.asUser(), word.ID); err != nil || done.State != reminder.Done {
		t.Errorf("%+v %v", done, err)
	}
}

// The durable job alone brings a reminder, without the periodic round.
func TestTheJobComesAtTheDueTime(t *testing.T) {
	r := newRig(t)
	r.create(r.toSelf("soon", r.in(10*time.Minute)))
	r.exec(`update river_job set scheduled_at = now() where kind = 'reminder_fire'`)
	r.exec(`update reminders set due_at = now() - interval '1 second'`)
	r.exec(`delete from river_job where kind = 'reminder_sweep'`)
	r.start()
	r.until(1, count, "fired")
}

// The wall clock steps to and fro while 500 reminders come due.
func TestStepsOfTheClockLoseAndRepeatNothing(t *testing.T) {
	const reminders = 500
	r := newRig(t)
	for i := range reminders {
		d := r.toSelf(fmt.Sprintf("word %d", i), r.in(time.Duration(i%240)*time.Minute))
		if i%10 == 0 {
			d = r.toClient(fmt.Sprintf("sms %d", i), d.LocalTime)
		}
		r.create(d)
	}
	sweep := func() {
		t.Helper()
		for range reminders/200 + 2 {
			if err := r.service.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.start()
	for _, step := range []time.Duration{90 * time.Minute, 2 * time.Hour, -2 * time.Hour, -90 * time.Minute, time.Minute, 4 * time.Hour, -5 * time.Hour, 6 * time.Hour} {
		r.clock.move(step)
		before := r.int(count, "fired")
		sweep()
		if due := r.int(`select count(*) from reminders where state = 'pending' and due_at <= $1`, r.clock.now()); due != 0 {
			t.Errorf("after a step of %s %d are late", step, due)
		}
		if after := r.int(count, "fired"); after < before {
			t.Errorf("after a step of %s %d have not fired any more", step, before-after)
		}
	}
	if n := r.int(count, "fired"); n != reminders {
		t.Errorf("%d of %d fired", n, reminders)
	}
	if n := r.events("reminder.due"); n != reminders*9/10 {
		t.Errorf("%d events", n)
	}
	r.until(reminders/10, `select count(distinct reminder_id) from messages where state not in ('queued', 'sending')`)
	texts := map[string]int{}
	for _, m := range r.sim.Outbox() {
		texts[m.Body]++
	}
	for text, n := range texts {
		if n != 1 {
			t.Errorf("%q went out %d times", text, n)
		}
	}
	if len(texts) != reminders/10 {
		t.Errorf("%d SMS", len(texts))
	}
}

func TestTooLateIsDroppedAndReported(t *testing.T) {
	r := newRig(t)
	r.create(r.toClient("too late", r.in(time.Hour)))
	r.create(r.toSelf("too late", r.in(time.Hour)))
	r.clock.move(26 * time.Hour)
	r.start()
	r.until(2, count, "expired")
	if n := r.events("notice"); n != 2 || r.events("reminder.due") != 0 {
		t.Errorf("%d notices", n)
	}
	if len(r.sim.Outbox()) != 0 {
		t.Error("an SMS went out a day late")
	}
}

func TestWhatCannotBeSentAnyMoreFailsAloneAndIsReported(t *testing.T) {
	r := newRig(t)
	r.create(r.toClient("to one who says STOP", r.in(time.Hour)))
	r.create(r.toSelf("word", r.in(time.Hour)))
	r.exec(`insert into opt_outs (e164, word) values ($1, 'stop')`, mobile)
	if _, err := r.service.Create(r.asUser(), r.toClient("refused at once", r.in(time.Hour))); fault.CodeOf(err) != "opted_out" {
		t.Errorf("%v", err)
	}
	r.clock.move(2 * time.Hour)
	r.start()
	r.until(1, count, "failed")
	r.until(1, count, "fired")
	if n := r.int(`select count(*) from reminders where state = 'failed' and error = 'opted_out'`); n != 1 || r.events("notice") != 1 {
		t.Errorf("%d with the reason, %d notices", n, r.events("notice"))
	}
}

// A zone that changes later moves nothing: the promise was made in local time.
func TestAChangeOfZoneMovesNothing(t *testing.T) {
	r := newRig(t)
	r.exec(`update clients set time_zone = 'America/Bogota' where id = $1`, r.client)
	made := r.create(r.toClient("x", "2027-01-15T10:00"))
	if made.TimeZone != "America/Bogota" || made.DueAt.UTC().Format(time.RFC3339) != "2027-01-15T15:00:00Z" {
		t.Errorf("%+v", made)
	}
	r.exec(`update clients set time_zone = 'Asia/Tokyo'`)
	r.exec(`update firms set time_zone = 'UTC'`)
	if n := r.int(`select count(*) from reminders where due_at = $1 and time_zone = 'America/Bogota'`, made.DueAt); n != 1 {
		t.Error("it moved")
	}
}

func TestDraftsThatAreRefused(t *testing.T) {
	r := newRig(t)
	later := r.in(time.Hour)
	other := r.int(`insert into contact_points (client_id, kind, raw, value) values ($1, 'email', 'a@b', 'a@b') returning id`, r.client)
	for code, change := range map[string]func(*reminder.Draft){
		"text_invalid":        func(d *reminder.Draft) { d.Text = "  " },
		"time_in_past":        func(d *reminder.Draft) { d.LocalTime = "2020-01-01T10:00" },
		"time_too_far":        func(d *reminder.Draft) { d.LocalTime = "2999-01-01T10:00" },
		"time_invalid":        func(d *reminder.Draft) { d.LocalTime = "2027-02-31T10:00" },
		"time_zone_invalid":   func(d *reminder.Draft) { d.TimeZone = "../../etc/passwd" },
		"time_does_not_exist": func(d *reminder.Draft) { d.LocalTime = "2027-03-28T02:30" },
		"audience_invalid":    func(d *reminder.Draft) { d.Channel = "app" },
		"unknown_reference":   func(d *reminder.Draft) { d.ClientID = 9999 },
		"number_invalid":      func(d *reminder.Draft) { d.ContactPointID = other },
	} {
		d := r.toClient("x", later)
		change(&d)
		if _, err := r.service.Create(r.asUser(), d); fault.CodeOf(err) != code {
			t.Errorf("%+v: %v, want %s", d, err, code)
		}
	}
	overlap := r.create(r.toClient("x", "2027-10-31T02:30"))
	if !overlap.Ambiguous || overlap.DueAt.UTC().Format(time.RFC3339) != "2027-10-31T00:30:00Z" {
		t.Errorf("%+v", overlap)
	}
}

func TestCancelledAndForeignReminders(t *testing.T) {
	r := newRig(t)
	mine := r.create(r.toSelf("mine", r.in(time.Hour)))
	clients := r.create(r.toClient("x", r.in(time.Hour)))
	other := access.WithActor(t.Context(), access.Actor{UserID: r.user + 1000, Roles: []string{"operator"}})
	if _, err := r.service.Cancel(other, mine.ID); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("somebody else cancelled it: %v", err)
	}
	if c, err := r.service.Cancel(r.asUser(), mine.ID); err != nil || c.State != reminder.Cancelled {
		t.Errorf("%+v %v", c, err)
	}
	if _, err := r.service.Cancel(r.asUser(), mine.ID); fault.CodeOf(err) != "not_pending" {
		t.Errorf("cancelled twice: %v", err)
	}
	if _, err := r.service.Cancel(r.asUser(), clients.ID); err != nil {
		t.Error(err)
	}
	if _, err := r.service.Done(r.asUser(), 9999); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	r.clock.move(3 * time.Hour)
	if err := r.service.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := r.int(count, "cancelled"); n != 2 || r.events("reminder.due") != 0 || r.int(`select count(*) from messages`) != 0 {
		t.Errorf("%d stayed cancelled", n)
	}
}

func TestAColleagueIsRemindedBySMSOnHisOwnNumber(t *testing.T) {
	r := newRig(t)
	d := r.toSelf("call Iván", r.in(time.Hour))
	d.Channel = reminder.ChannelSMS
	if _, err := r.service.Create(r.asUser(), d); fault.CodeOf(err) != "user_without_number" {
		t.Errorf("without a number: %v", err)
	}
	if err := r.access.SetMobile(r.asUser(), "not a number"); fault.CodeOf(err) != "number_invalid" {
		t.Errorf("no number: %v", err)
	}
	if err := r.access.SetMobile(r.asUser(), "600 333 444"); err != nil {
		t.Fatal(err)
	}
	sms := r.create(d)
	r.start()
	r.clock.move(2 * time.Hour)
	if err := r.service.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.until(1, `select count(*) from messages where reminder_id = $1 and to_number = '+34600333444' and client_id is null and state in ('accepted', 'sent', 'delivered')`, sms.ID)
	if n := r.events("reminder.due"); n != 0 {
		t.Errorf("%d events on the screen as well", n)
	}
}
