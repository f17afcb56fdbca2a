package client

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/internal/filter"
	"centralita/internal/phone"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
)

// far is after every interaction.
var far = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// query is a statement as it is sent, with arguments of a likely kind. many says
// that it may read a table from end to end.
type query struct {
	sql  string
	args []any
	many bool
}

// queries are all statements of the package, by the name of their constant.
func queries() map[string]query {
	now := time.Now()
	ids, words := []int64{500}, []string{"x"}
	all := map[string]query{
		"sqlByReading":      {sql: sqlByReading, args: []any{"+34600050000", "+54600050000", "+1", "+1", "+1", "+1"}},
		"sqlByTail":         {sql: sqlByTail, args: []any{"0000500", ""}},
		"sqlGet":            {sql: sqlGet, args: []any{500}},
		"sqlPoints":         {sql: sqlPoints, args: []any{500}},
		"sqlLock":           {sql: sqlLock, args: []any{500}},
		"sqlInsert":         {sql: sqlInsert, args: []any{"person", "x", "x", nil, nil, "", "", "", "", nil, nil}},
		"sqlUpdate":         {sql: sqlUpdate, args: []any{500, "person", "x", "x", nil, nil, "", "", "", "", nil}},
		"sqlIsOrganisation": {sql: sqlIsOrganisation, args: []any{500}},
		"sqlManyByNumber":   {sql: sqlManyByNumber, args: []any{[]string{"+34600050000"}, 85}},
		"sqlManyByEmail":    {sql: sqlManyByEmail, args: []any{[]string{"a@example.com"}}},
		"sqlManyOwn":        {sql: sqlManyOwn, args: []any{[]string{"+34600050000"}}},
		"sqlManyPoints":     {sql: sqlManyPoints, args: []any{[]int64{500}}},
		"sqlManyIDs":        {sql: sqlManyIDs, args: []any{3}},
		"sqlInsertMany":     {sql: sqlInsertMany, args: []any{ids, words, words, words, ids, ids, words, words, words, words, ids, 1}},
		"sqlUpdateMany":     {sql: sqlUpdateMany, args: []any{ids, words, words, words, ids, ids, words, words, words, words, ids}},
		"sqlAddManyPoints":  {sql: sqlAddManyPoints, args: []any{ids, words, words, words, words, words, words, ids, words, words, []int16{5}}, many: true},
		"sqlOrganisations":  {sql: sqlOrganisations, args: []any{words}},
		"sqlUntouched":      {sql: sqlUntouched, args: []any{ids, []int{1}}},
		"sqlUnknown":        {sql: sqlUnknown, args: []any{"+34600050000"}},
		"sqlDelete":         {sql: sqlDelete, args: []any{500}},
		"sqlRemoveValue":    {sql: sqlRemoveValue, args: []any{500, "phone", "x"}},
		"sqlOwn":            {sql: sqlOwn, args: []any{[]string{"+34911234567"}}},
		"sqlAddPoint":       {sql: sqlAddPoint, args: []any{500, "phone", "x", "x", "", "", "", []string{"+1"}, []int16{5}}},
		"sqlPoint":          {sql: sqlPoint, args: []any{500, 500}},
		"sqlNumber":         {sql: sqlNumber, args: []any{500}},
		"sqlUpdatePoint":    {sql: sqlUpdatePoint, args: []any{500, 500, "x", "x", "", "", []string{"+1"}, []int16{5}}},
		"sqlForgetReadings": {sql: sqlForgetReadings, args: []any{500}},
		"sqlRemovePoint":    {sql: sqlRemovePoint, args: []any{500, 500}},
		"sqlLineOfLead":     {sql: sqlLineOfLead, args: []any{500}},
		"sqlContacted":      {sql: sqlContacted, args: []any{500, "+34600050000", now}},
		"sqlOpenLeads":      {sql: fmt.Sprintf(sqlOpenLeads, "true"), args: []any{[]string{"+34"}, []string{"+34%"}, "%a%"}},
		"sqlTimeline":       {sql: fmt.Sprintf(sqlTimeline, "true"), args: []any{500, allKinds, far, 0, 40}},
		"sqlEntry":          {sql: sqlEntry, args: []any{500}},
		"sqlResponsible":    {sql: sqlResponsible, args: []any{500}},
		"sqlExists":         {sql: sqlExists, args: []any{500}},
		"sqlInsertNote":     {sql: sqlInsertNote, args: []any{500, nil, "x"}},
		"sqlZone":           {sql: sqlZone},
		"sqlByWords":        {sql: ruled(context.Background(), sqlByWords, new([]any)), args: []any{"'client':* & '00500'", "client 00500", "client 00500~"}},
		"sqlByDigits":       {sql: ruled(context.Background(), sqlByDigits, new([]any)), args: []any{[]string{"+34600050000"}, []string{"+3460005"}, "0000500"}},
		"sqlByAddress":      {sql: ruled(context.Background(), sqlByAddress, new([]any)), args: []any{"client5", "client5~"}},
		"sqlByNote":         {sql: ruled(context.Background(), sqlByNote, new([]any)), args: []any{"'rare'"}},
		"sqlByField":        {sql: ruled(context.Background(), sqlByField, new([]any)), args: []any{"%value 5%", []string{"%value 5%"}, []int64{2}}},
		"sqlNearWords":      {sql: sqlNearWords, args: []any{[]string{"garci", "garca"}}},
		"sqlRowsOf":         {sql: sqlRowsOf, args: []any{[]int64{500}}},
		"sqlNewNames":       {sql: sqlNewNames, args: []any{100}},
		"sqlAddWords":       {sql: sqlAddWords, args: []any{"[]", 5}},
	}
	maps.Copy(all, cardQueries())
	for key, last := range map[string]string{"name": "client 00500", "last_contact": "2026-01-01", "created": "2025-01-01"} {
		for at, after := range map[string]*position{"first": nil, "next": {Key: last, ID: 500}} {
			q := &statement{limit: 51}
			order, err := ownFields.Order(key, filter.Asker{}, "")
			if err != nil {
				panic(err)
			}
			q = pages(q, order, true, after)[0]
			all["table by "+key+", "+at+" page"] = query{sql: tableSQL(q, nil), args: q.args}
		}
	}
	byField := filter.Sort{Key: "custom.1", Cast: "numeric", Rows: &filter.Rows{
		From: "client_values v", Where: "v.field_id = 1 and v.number_value is not null", Owner: "v.client_id", Value: "v.number_value", Missing: "-Infinity",
	}}
	for at, after := range map[string]*position{"first": nil, "next": {Key: "500", ID: 500}} {
		q := pages(&statement{limit: 51}, byField, true, after)[0]
		all["table by a field, "+at+" page"] = query{sql: tableSQL(q, nil), args: q.args}
	}
	for name, f := range map[string]Filter{
		"all": {}, "prefix": {Query: "cl"}, "part": {Query: "client 99"}, "words": {Query: "00500 zed"}, "number": {Query: "600050000"}, "few digits": {Query: "0500"},
		"beginning": {Query: "+3460005"}, "responsible": {ResponsibleID: 1}, "kind": {Kind: "organisation", Query: "client 005"},
	} {
		for _, sort := range []string{SortName, SortRecent} {
			for page, after := range map[string]*position{"first": nil, "next": {Key: "client 00500", At: now, ID: 500}} {
				f.Sort, f.Limit = sort, 50
				q := listQuery(context.Background(), f, after, []string{"ES", "AR"})
				id := fmt.Sprintf("list %s by %s, %s page", name, sort, page)
				all[id] = query{sql: q.rows(), args: q.args}
				all[id+", total"] = query{sql: q.total(), args: q.args, many: true}
			}
		}
	}
	return all
}

// cardQueries are the statements of what is on a card besides the client himself.
func cardQueries() map[string]query {
	ids, ctx, none := []int64{500}, context.Background(), new([]any)
	return map[string]query{
		"sqlCardEmployer":   {sql: seeing(ctx, sqlCardEmployer, none), args: []any{500}},
		"sqlAddresses":      {sql: sqlAddresses, args: []any{500}},
		"sqlTagsOf":         {sql: sqlTagsOf, args: []any{500}},
		"sqlConsents":       {sql: sqlConsents, args: []any{500}},
		"sqlRelations":      {sql: seeing(ctx, sqlRelations, none), args: []any{500}},
		"sqlPeople":         {sql: seeing(ctx, sqlPeople, none), args: []any{500}},
		"sqlCardCounts":     {sql: seeing(ctx, sqlCardCounts, none), args: []any{500, 1}},
		"sqlAddAddress":     {sql: sqlAddAddress, args: []any{500, "main", "", "x", "", "", "", "", ""}},
		"sqlAddress":        {sql: sqlAddress, args: []any{500, 500}},
		"sqlChangeAddress":  {sql: sqlChangeAddress, args: []any{500, 500, "main", "", "x", "", "", "", "", ""}},
		"sqlRemoveAddress":  {sql: sqlRemoveAddress, args: []any{500, 500}},
		"sqlCountAddress":   {sql: sqlCountAddress, args: []any{500}},
		"sqlTags":           {sql: sqlTags},
		"sqlTag":            {sql: sqlTag, args: []any{1}},
		"sqlMakeTag":        {sql: sqlMakeTag, args: []any{"x", "gray"}},
		"sqlChangeTag":      {sql: sqlChangeTag, args: []any{1, "x", "gray"}},
		"sqlDropTag":        {sql: sqlDropTag, args: []any{1}},
		"sqlTagUse":         {sql: sqlTagUse, args: []any{1}},
		"sqlSources":        {sql: sqlSources},
		"sqlSource":         {sql: sqlSource, args: []any{"x"}},
		"sqlAddTag":         {sql: changing(ctx, sqlAddTag, none), args: []any{ids, 1}},
		"sqlRemoveTag":      {sql: changing(ctx, sqlRemoveTag, none), args: []any{ids, 1}},
		"sqlAddConsent":     {sql: sqlAddConsent, args: []any{500, "sms", true, "spoken", "", 1}},
		"sqlAddRelation":    {sql: sqlAddRelation, args: []any{500, 501, "", ""}},
		"sqlRelation":       {sql: sqlRelation, args: []any{500, 500}},
		"sqlRemoveRelation": {sql: sqlRemoveRelation, args: []any{500}},
		"sqlPin":            {sql: sqlPin, args: []any{1, 500}},
		"sqlUnpin":          {sql: sqlUnpin, args: []any{1, 500}},
		"sqlOpened":         {sql: sqlOpened, args: []any{1, 500}},
		"sqlPinned":         {sql: seeing(ctx, sqlPinned, none), args: []any{1}},
		"sqlRecent":         {sql: seeing(ctx, sqlRecent, none), args: []any{1}},
		"sqlArchive":        {sql: sqlArchive, args: []any{500, true}},
		"sqlHasNotes":       {sql: sqlHasNotes, args: []any{500}},
		"sqlKeepDeletion":   {sql: sqlKeepDeletion, args: []any{500, "x", "{}", 1}},
		"sqlOldDeletions":   {sql: sqlOldDeletions},
		"sqlDeletion":       {sql: sqlDeletion, args: []any{500}},
		"sqlImage":          {sql: fmt.Sprintf(sqlImage, "clients", "t.id = $1"), args: []any{500}},
		"sqlOwnerOf":        {sql: sqlOwnerOf, args: []any{500}},
		"sqlColumnsOf":      {sql: sqlColumnsOf, args: []any{"clients", []string{"id"}}},
	}
}

func TestEveryStatementPrepares(t *testing.T) {
	db := pgtest.New(t)
	all := queries()
	for _, name := range constants(t) {
		if _, listed := all[name]; !listed {
			t.Errorf("%s is not in the list of this test", name)
		}
	}
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := postgres.Tx(ctx)
		for name, q := range all {
			if d, err := tx.Prepare(ctx, name, q.sql); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			} else if len(d.ParamOIDs) != len(q.args) {
				t.Errorf("%s has %d parameters", name, len(d.ParamOIDs))
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// constants are the names of all constants sql… of the package.
func constants(t *testing.T) []string {
	t.Helper()
	found, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range found {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok {
				for _, id := range v.Names {
					if strings.HasPrefix(id.Name, "sql") {
						names = append(names, id.Name)
					}
				}
			}
			return true
		})
	}
	return names
}

var wholeTable = regexp.MustCompile(`Seq Scan on (clients|contact_points|contact_readings|interactions|notes|calls|messages|recordings|client_values|client_(tags|addresses|consents|relations))\b`)

// With a hundred thousand clients nothing reads a table from end to end, whether
// the planner knows the arguments or not.
func TestEveryStatementUsesAnIndex(t *testing.T) {
	db := pgtest.New(t)
	seed(t, db, 100_000)
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			tx, _ := postgres.Tx(ctx)
			if _, err := tx.Exec(ctx, "set local plan_cache_mode = "+mode); err != nil {
				return err
			}
			i := 0
			for name, q := range queries() {
				if q.many {
					continue
				}
				i++
				plan, err := explain(ctx, tx, fmt.Sprintf("%s_%d", mode, i), q)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				if wholeTable.MatchString(plan) {
					t.Errorf("%s (%s):\n%s", name, mode, plan)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// explain plans q as a prepared statement.
func explain(ctx context.Context, tx pgx.Tx, id string, q query) (string, error) {
	if _, err := tx.Exec(ctx, "prepare "+id+" as "+q.sql); err != nil {
		return "", err
	}
	marks := make([]string, len(q.args))
	for i := range q.args {
		marks[i] = fmt.Sprintf("$%d", i+1)
	}
	call := "explain execute " + id
	if len(marks) > 0 {
		call += "(" + strings.Join(marks, ", ") + ")"
	}
	rows, err := tx.Query(ctx, call, append([]any{pgx.QueryExecModeSimpleProtocol}, q.args...)...)
	if err != nil {
		return "", err
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return strings.Join(lines, "\n"), err
}

// seed makes n clients, each with a number, a call, a message and a note.
func seed(t testing.TB, db *postgres.DB, n int) {
	t.Helper()
	for _, sql := range []string{
		`insert into users (login, name, password_hash, roles, sip_user, sip_password) select 'u' || i, 'U', '', '{manager}', 'a' || i, '' from generate_series(1, 40) i`,
		`insert into lines (name, number, country) values ('Madrid', '+34911234567', 'ES')`,
		`insert into clients (kind, name, name_key, responsible_id, last_contact_at, created_at) select case when i % 5 = 0 then 'organisation' else 'person' end,
			'Client ' || lpad(i::text, 5, '0'), 'client ' || lpad(i::text, 5, '0'), i % 40 + 1, timestamptz '2026-01-01' + i * interval '1 minute', '2025-01-01' from generate_series(1, $1) i`,
		`insert into contact_points (client_id, kind, raw, value, digits_tail) select i, 'phone', '600' || lpad(i::text, 6, '0'), '+34600' || lpad(i::text, 6, '0'),
			reverse('34600' || lpad(i::text, 6, '0')) from generate_series(1, $1) i`,
		`insert into contact_readings (e164, contact_point_id, client_id, confidence) select value, id, client_id, 95 from contact_points`,
		`insert into calls (asterisk_id, uniqueid, direction, phase, started_at, state) select 'a', i::text, 'in', 'ended', '2026-01-01', '{}' from generate_series(1, $1 / 5) i`,
		`insert into messages (direction, body, state) select 'in', 'x', 'received' from generate_series(1, $1 / 5) i`,
		`insert into notes (client_id, text) select i, 'x' from generate_series(1, $1 / 5) i`,
		`insert into recordings (call_id, source) select i, 'x' from generate_series(1, $1 / 5) i`,
		`insert into interactions (kind, direction, at, client_id, ref_id) select (array['call', 'sms', 'note'])[i % 3 + 1], 'in', timestamptz '2026-01-01' + i * interval '1 minute', i, i from generate_series(1, $1) i`,
		`insert into sections (kind, title) values ('fields', 'Own')`,
		`insert into fields (section_id, key, label, type) values (1, 'n', 'N', 'number'), (1, 't', 'T', 'text')`,
		`insert into client_values (client_id, field_id, number_value) select i, 1, i % 1000 from generate_series(1, $1) i`,
		`insert into client_values (client_id, field_id, text_value, text_key) select i, 2, 'Value ' || i, 'value ' || i from generate_series(1, $1 / 5) i`,
		`insert into tags (name) select 'T' || i from generate_series(1, 30) i`,
		`insert into client_tags (client_id, tag_id) select i, i % 30 + 1 from generate_series(1, $1) i`,
		`insert into client_addresses (client_id, street, city_key) select i, 'x', 'city ' || i % 1000 from generate_series(1, $1 / 5) i`,
		`insert into client_consents (client_id, kind, given, how) select i, 'data', true, 'web' from generate_series(1, $1 / 5) i`,
		`insert into client_relations (client_id, other_id) select i, i + 1 from generate_series(1, $1 / 5) i`,
		`analyze`,
	} {
		var args []any
		if strings.Contains(sql, "$1") {
			args = []any{n}
		}
		if _, err := db.Conn(t.Context()).Exec(t.Context(), sql, args...); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	if want := reversed(phone.Digits("+34600000001")); want != "10000000643" {
		t.Fatalf("tail %s", want)
	}
}
