package client_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
)

// history gives a client a call, an answered call, a message and a note.
func (w *world) history(id int64) {
	w.exec(`insert into calls (id, asterisk_id, direction, phase, e164, caller_raw, started_at, answered_at, ended_at, outcome, cause, state) values
		(1, 'a', 'in', 'ended', '+34600111222', '600111222', '2026-01-01 10:00:00', '2026-01-01 10:00:08', '2026-01-01 10:02:08', 'answered', 0, '{}'),
		(2, 'a', 'out', 'ended', '', '', '2026-01-01 11:00:00', null, '2026-01-01 11:00:20', 'busy', 17, '{}')`)
	w.exec(`update calls set dialled = '1004' where id = 2`)
	w.exec(`insert into recordings (call_id, state, source) values (1, 'ready', 'x')`)
	w.exec(`insert into messages (id, direction, from_number, to_number, body, state) values (1, 'out', '+34911234567', '+34600111222', 'Hola', 'delivered')`)
	w.exec(`insert into interactions (kind, direction, at, client_id, line_id, user_id, ref_id) values
		('call', 'in', '2026-01-01 10:00', $1, 1, 1, 1), ('call', 'out', '2026-01-01 11:00', $1, 1, 1, 2), ('sms', 'out', '2026-01-01 12:00', $1, 1, null, 1)`, id)
}

func TestTimelineJoinsEverything(t *testing.T) {
	w := newWorld(t)
	c := w.person("Ana", "600111222")
	w.history(c.ID)
	path := fmt.Sprintf("/clients/%d", c.ID)
	status, note := w.ask("POST", path+"/notes", `{"text":" call back\nat ten "}`)
	if status != 201 || note["kind"] != "note" || note["user_name"] != "Anna" || note["direction"] != "" || note["note"].(map[string]any)["text"] != "call back\nat ten" {
		t.Fatalf("%d %v", status, note)
	}
	status, out := w.ask("GET", path+"/timeline", "")
	items := out["items"].([]any)
	if status != 200 || len(items) != 4 || out["next"] != "" {
		t.Fatalf("%d %v", status, out)
	}
	at := func(i int, part string) map[string]any { return items[i].(map[string]any)[part].(map[string]any) }
	if n := at(0, "note"); n["text"] != "call back\nat ten" {
		t.Errorf("%v", n)
	}
	if m := at(1, "sms"); m["body"] != "Hola" || m["state"] != "delivered" || m["to"] != "+34 600 11 12 22" {
		t.Errorf("%v", m)
	}
	if k := at(2, "call"); k["outcome"] != "busy" || k["cause_text"] != "busy" || k["number"] != "1004" || k["wait_s"] != 20.0 || k["duration_s"] != 0.0 {
		t.Errorf("%v", k)
	}
	if k := at(3, "call"); k["outcome"] != "answered" || k["duration_s"] != 120.0 || k["wait_s"] != 8.0 || k["recording_state"] != "ready" || k["number"] != "+34 600 11 12 22" {
		t.Errorf("%v", k)
	}
	if items[3].(map[string]any)["line_name"] != "Madrid" || items[3].(map[string]any)["user_name"] != "Anna" {
		t.Errorf("%v", items[3])
	}
	if !slices.Contains(w.live.kinds, "timeline.changed") {
		t.Errorf("%v", w.live.kinds)
	}
	for kinds, n := range map[string]int{"call": 2, "sms,note": 2, "": 4} {
		if _, out := w.ask("GET", path+"/timeline?kinds="+kinds, ""); len(out["items"].([]any)) != n {
			t.Errorf("kinds %q: %v", kinds, out)
		}
	}
	if status, _ := w.ask("GET", path+"/timeline?kinds=robot", ""); status != 422 {
		t.Errorf("unknown kind: %d", status)
	}
	if status, _ := w.ask("POST", "/clients/999/notes", `{"text":"x"}`); status != 404 {
		t.Errorf("note on nobody: %d", status)
	}
	if status, _ := w.ask("POST", path+"/notes", `{"text":" \n "}`); status != 422 {
		t.Errorf("empty note: %d", status)
	}
}

func TestTimelinePages(t *testing.T) {
	w := newWorld(t)
	c := w.person("Ana")
	w.exec(`insert into notes (id, client_id, text) select i, $1, 'n' || i from generate_series(1, 25) i`, c.ID)
	w.exec(`insert into interactions (kind, direction, at, client_id, ref_id) select 'note', 'internal', timestamptz '2026-01-01' + i / 3 * interval '1 hour', $1, i from generate_series(1, 25) i`, c.ID)
	seen, cursor := map[any]bool{}, ""
	for range 10 {
		_, out := w.ask("GET", fmt.Sprintf("/clients/%d/timeline?limit=4&cursor=%s", c.ID, url.QueryEscape(cursor)), "")
		for _, item := range out["items"].([]any) {
			seen[item.(map[string]any)["id"]] = true
		}
		if cursor = out["next"].(string); cursor == "" {
			break
		}
	}
	if len(seen) != 25 || cursor != "" {
		t.Errorf("%d of 25 entries, cursor %q", len(seen), cursor)
	}
}
