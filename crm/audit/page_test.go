package audit_test

import (
	"fmt"
	"testing"
	"time"

	"centralita/crm/audit"
	"centralita/internal/postgres/pgtest"
)

func TestPagesFindByTimeTextAndKind(t *testing.T) {
	db := pgtest.New(t)
	log := audit.NewLog(db)
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	exec(t, db, `insert into audit_entries (at, user_id, action, entity, entity_id, after)
		select $1::timestamptz + i * interval '1 minute', i % 3 + 1, (array['client.read', 'client.update', 'client.reveal', 'lead.read'])[i % 4 + 1],
		       'client', i % 50, jsonb_build_object('name', 'Ñandú_' || i || ' "q"')
		from generate_series(0, 9999) i`, start)
	for name, c := range map[string]struct {
		filter audit.Filter
		want   int
	}{
		"all":        {audit.Filter{}, 10000},
		"an hour":    {audit.Filter{From: start.Add(50 * time.Hour), Until: start.Add(51 * time.Hour)}, 60},
		"one user":   {audit.Filter{UserID: 2, Until: start.Add(time.Hour)}, 20},
		"cards":      {audit.Filter{Counts: audit.Cards, Until: start.Add(time.Hour)}, 30},
		"numbers":    {audit.Filter{Counts: audit.Numbers, Until: start.Add(time.Hour)}, 15},
		"changes":    {audit.Filter{Half: audit.OnlyChanges, Until: start.Add(time.Hour)}, 15},
		"an action":  {audit.Filter{Action: "client.update", EntityID: 1, Entity: "client"}, 100},
		"text":       {audit.Filter{Text: `ñandú_77 "`}, 1},
		"no pattern": {audit.Filter{Text: "%u%"}, 0},
		"too early":  {audit.Filter{Until: start}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c.filter.Limit = 1000
			got, last := 0, int64(1<<62)
			for {
				page, err := log.Page(t.Context(), c.filter)
				if err != nil {
					t.Fatal(err)
				}
				for _, row := range page.Items {
					if row.ID >= last {
						t.Fatalf("%d after %d", row.ID, last)
					}
					last = row.ID
				}
				got += len(page.Items)
				if c.filter.Before = page.Next; page.Next == 0 {
					break
				}
			}
			if got != c.want {
				t.Errorf("%d rows, want %d", got, c.want)
			}
		})
	}
	names, err := log.Names(t.Context())
	if err != nil || fmt.Sprint(names.Actions) != "[client.read client.reveal client.update lead.read]" || fmt.Sprint(names.Entities) != "[client]" {
		t.Errorf("%+v %v", names, err)
	}
}

func TestChangesAreReadable(t *testing.T) {
	before := `{"version": 3, "name": "Ann", "note": "", "contact_points": [{"id": 5, "raw": "1"}, {"id": 6, "raw": "2"}], "tags": ["a"]}`
	after := `{"version": 4, "name": "Ann B", "note": "x", "contact_points": [{"id": 6, "raw": "3"}], "tags": ["a", "b"]}`
	got := ""
	for _, c := range audit.Changes([]byte(before), []byte(after)) {
		got += fmt.Sprintf("%s: %s > %s\n", c.Path, c.Before, c.After)
	}
	if want := "contact_points.#5.id: 5 > \ncontact_points.#5.raw: \"1\" > \ncontact_points.#6.raw: \"2\" > \"3\"\nname: \"Ann\" > \"Ann B\"\nnote:  > \"x\"\ntags.2:  > \"b\"\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
