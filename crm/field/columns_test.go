package field_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"centralita/crm/audit"
	"centralita/crm/client"
	"centralita/crm/field"
	"centralita/crm/line"
	"centralita/internal/filter"
)

// lists is the client base that lists the fields of w.
func (w *world) lists() *client.Service {
	journal := audit.NewLog(w.db)
	clients := client.New(w.db, client.Ports{Lines: line.New(w.db, journal, w.live), Audit: journal, Live: w.live})
	clients.Extend(w.fields.Conditions)
	clients.ExtendSearch(w.fields.Searchable)
	return clients
}

func is(key, op string, value any) filter.Node { return filter.Node{Field: key, Op: op, Value: value} }

func TestListsNarrowAndSortByFields(t *testing.T) {
	w := newWorld(t)
	d := w.dictionary("Colours", "Red", "Green")
	x := w.section(field.Fields, "Own", text("Text"), money("Money"), date("Day"),
		field.NewField{Label: "Colour", Type: field.Choice, Options: field.Options{DictionaryID: d.ID}},
		field.NewField{Label: "Who", Type: field.Reference, Options: field.Options{Refers: "user"}}, formula("Twice", "money * 2"))
	table := w.section(field.Table, "Things", text("Name"))
	set := func(client int64, values ...string) {
		for i, v := range values {
			if err := w.fields.Set(w.ctx(), client, []field.Change{{FieldID: x.Fields[i].ID, Value: v}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	set(1, "Ñandú ancho", "100.50", "2026-03-01", "1", "1")
	set(3, "beta", "20", "2026-04-01", "2")
	for _, name := range []string{"Drill", "Saw"} {
		if _, err := w.fields.AddRow(w.ctx(), 1, table.ID, nil, []field.Change{{FieldID: table.Fields[0].ID, Value: name}}); err != nil {
			t.Fatal(err)
		}
	}
	key := func(i int) string { return field.KeyOf(x.Fields[i].ID) }
	lists := w.lists()
	names := func(q client.TableQuery) string {
		q.Limit = 10
		page, err := lists.Table(w.ctx(), q)
		if err != nil {
			t.Errorf("%+v: %v", q, err)
		}
		var all []string
		for _, r := range page.Items {
			all = append(all, r.Name)
		}
		return strings.Join(all, " ")
	}
	for _, c := range []struct {
		where filter.Node
		want  string
	}{
		{is(key(0), "contains", "nandu"), "Lucía"}, {is(key(0), "starts", "BE"), "Acme"}, {is(key(0), "empty", nil), "Hidden"},
		{is(key(1), "gt", "100"), "Lucía"}, {is(key(1), "between", []any{"1", "50.5"}), "Acme"}, {is(key(2), "before", "2026-03-15"), "Lucía"},
		{is(key(3), "is", []any{1.0}), "Lucía"}, {is(key(3), "is_not", []any{1.0}), "Acme Hidden"}, {is(key(4), "filled", nil), "Lucía"},
		{is(key(5), "eq", "201"), "Lucía"}, {is(field.KeyOf(table.Fields[0].ID), "contains", "saw"), "Lucía"},
	} {
		if got := names(client.TableQuery{Where: c.where, Sort: "name"}); got != c.want {
			t.Errorf("%+v finds %q, want %q", c.where, got, c.want)
		}
	}
	for sort, want := range map[string]string{key(0): "Hidden Acme Lucía", key(1): "Hidden Acme Lucía", key(2): "Hidden Lucía Acme", key(3): "Hidden Acme Lucía", key(5): "Hidden Acme Lucía"} {
		if got := names(client.TableQuery{Sort: sort}); got != want {
			t.Errorf("sorted by %s: %q, want %q", sort, got, want)
		}
	}
	for _, c := range []struct {
		sort string
		desc bool
		want string
	}{
		{key(0), false, "Hidden Acme Lucía"}, {key(0), true, "Lucía Acme Hidden"}, {key(1), false, "Hidden Acme Lucía"},
		{key(1), true, "Lucía Acme Hidden"}, {key(2), false, "Hidden Lucía Acme"}, {key(2), true, "Acme Lucía Hidden"},
	} {
		var all []string
		for cursor := ""; ; {
			page, err := lists.Table(w.ctx(), client.TableQuery{Sort: c.sort, Desc: c.desc, Cursor: cursor, Limit: 1})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, page.Items[0].Name)
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if got := strings.Join(all, " "); got != c.want {
			t.Errorf("by %s (desc %t), page by page: %q, want %q", c.sort, c.desc, got, c.want)
		}
	}
	page, err := lists.Table(w.ctx(), client.TableQuery{Sort: key(1), Desc: true, Limit: 1, Columns: []string{key(0), key(1), key(2), key(3), key(4), field.KeyOf(table.Fields[0].ID)}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(page.Items[0].Cells), fmt.Sprintf("map[%s:Ñandú ancho %s:100.5 %s:2026-03-01 %s:Red %s:Anna Ruiz %s:[Drill Saw]]",
		key(0), key(1), key(2), key(3), key(4), field.KeyOf(table.Fields[0].ID)); got != want {
		t.Errorf("cells: %s, want %s", got, want)
	}
	masked := w.clerk(fmt.Sprintf(`{"%s": "masked"}`, key(1)))
	if _, err := lists.Table(masked, client.TableQuery{Sort: key(1), Limit: 10}); err == nil {
		t.Error("sorted by a masked field")
	}
	if _, err := lists.Table(masked, client.TableQuery{Where: is(key(1), "gt", "1"), Limit: 10}); err == nil {
		t.Error("narrowed by a masked field")
	}
}

func TestTheSearchLooksIntoFields(t *testing.T) {
	w := newWorld(t)
	d := w.dictionary("Plans", "Premium")
	x := w.section(field.Fields, "Own", text("Remark"), text("Secret"), field.NewField{Label: "Plan", Type: field.Choice, Options: field.Options{DictionaryID: d.ID}})
	table := w.section(field.Table, "Machines", text("Serial"))
	for i, value := range []string{"Needs the Überholung in spring", "classified matter", "1"} {
		if err := w.set(x.Fields[i], value); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.fields.AddRow(w.ctx(), 1, table.ID, nil, []field.Change{{FieldID: table.Fields[0].ID, Value: "XK-88213"}}); err != nil {
		t.Fatal(err)
	}
	lists := w.lists()
	find := func(ctx context.Context, typed string) string {
		found, err := lists.Search(ctx, typed, false)
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Clients) == 0 {
			return ""
		}
		return found.Clients[0].Name + " " + found.Clients[0].Match.Label
	}
	for typed, want := range map[string]string{"uberhol": "Lucía Remark", "spring needs": "Lucía Remark", "premium": "Lucía Plan", "xk-88213": "Lucía Serial", "classified": "Lucía Secret", "100%_": ""} {
		if got := find(w.ctx(), typed); got != want {
			t.Errorf("%q finds %q, want %q", typed, got, want)
		}
	}
	if got := find(w.clerk(fmt.Sprintf(`{"%s": "masked"}`, field.KeyOf(x.Fields[1].ID))), "classified"); got != "" {
		t.Errorf("a masked field is found: %q", got)
	}
}

// At the size of a large firm a condition on a field is answered from its index.
func TestConditionsUseTheirIndexes(t *testing.T) {
	w := newWorld(t)
	x := w.section(field.Fields, "Own", text("Text"), number("Number"), date("Day"))
	w.exec(`insert into clients (kind, name, name_key) select 'person', 'C' || n, 'c' || n from generate_series(1, 20000) n`)
	w.exec(`insert into client_values (client_id, field_id, text_value, text_key) select id, $1, 'word ' || id, 'word ' || id from clients where id > 3`, x.Fields[0].ID)
	w.exec(`insert into client_values (client_id, field_id, number_value) select id, $1, id % 5000 from clients where id > 3`, x.Fields[1].ID)
	w.exec(`insert into client_values (client_id, field_id, date_value) select id, $1, date '2000-01-01' + id::int % 9000 from clients where id > 3`, x.Fields[2].ID)
	w.exec(`analyze clients`)
	w.exec(`analyze client_values`)
	lists := w.lists()
	for index, where := range map[string]filter.Node{
		"client_values_text":   is(field.KeyOf(x.Fields[0].ID), "is", "word 777"),
		"client_values_trgm":   is(field.KeyOf(x.Fields[0].ID), "contains", "ord 1777"),
		"client_values_number": is(field.KeyOf(x.Fields[1].ID), "eq", "77"),
		"client_values_date":   is(field.KeyOf(x.Fields[2].ID), "on", "2001-05-05"),
	} {
		sql, args, err := lists.Matching(w.ctx(), "", where, "body.filter")
		if err != nil {
			t.Fatal(err)
		}
		rows, err := w.db.Conn(t.Context()).Query(t.Context(), "explain "+sql, args...)
		if err != nil {
			t.Fatal(err)
		}
		var plan strings.Builder
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			plan.WriteString(line + "\n")
		}
		if !strings.Contains(plan.String(), index) {
			t.Errorf("%+v does not use %s:\n%s", where, index, plan.String())
		}
	}
}
