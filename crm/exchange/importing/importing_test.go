package importing_test

import (
	"context"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"centralita/crm/client"
	"centralita/crm/exchange/importing"
	"centralita/internal/fault"
)

func TestARussianListComesIn(t *testing.T) {
	w := newWorld(t)
	w.start()
	data, err := charmap.Windows1251.NewEncoder().String("ФИО;Телефон;Эл. почта;Компания;Ответственный;Примечание\r\n" +
		"Иван Петров;8 (916) 123-45-67;IVAN@example.com;ООО «Ромашка»;boris;Звонить утром\r\n" +
		"Мария Сидорова;+7 916 123 45 68, 600 111 222;;ООО «Ромашка»;Anna Ruiz;\r\n" +
		"Без номера;8,9161E+10;;;;\r\n" +
		"Полный;8,9161234569E+10;;;;\r\n" +
		";600 111 223;;;;\r\n" +
		"Иван Петров;+79161234567;;;;второй раз\r\n" +
		"Чужой;600 111 224;;;nobody;\r\n" +
		"Свой;911 234 567;;;;\r\n" +
		"\"Кавычка;600 111 225;;;;\r\n" +
		"Плохая почта;600 111 226;not an address;;;\r\n")
	if err != nil {
		t.Fatal(err)
	}
	im := w.upload(`C:\Users\x\клиенты.csv`, data)
	if im.Format.Encoding != "windows-1251" || im.Format.Delimiter != ";" || im.FileName != "клиенты.csv" {
		t.Fatalf("%+v %q", im.Format, im.FileName)
	}
	im = w.policy(im, func(p *importing.Policy) { p.Country = "RU" })

	if _, err := w.imports.Check(w.as(w.anna), im.ID); err != nil {
		t.Fatal(err)
	}
	checked := w.until(im.ID, importing.Draft)
	if checked.Report == nil || w.int(`select count(*) from clients`) != 0 {
		t.Fatalf("dry run: %+v, %d clients", checked.Report, w.int(`select count(*) from clients`))
	}
	im, rows := w.run(im)
	const want = "2:created 3:created 4:failed/number_lossy 5:created 6:failed/name_missing 7:skipped/unchanged 8:failed/responsible_unknown 9:failed/own_number 10:failed/unclosed_quote 11:failed/email_invalid"
	if got := verdicts(rows); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	r := checked.Report
	if r.Created != im.Created || r.Updated != im.Updated || r.Skipped != im.Skipped || r.Failed != im.Failed || r.Total != im.Total {
		t.Errorf("the dry run foresaw %+v, it became %s", *r, counts(im))
	}
	if got := w.text(`select string_agg(value, ' ' order by id) from contact_points`); got != "+79161234567 ivan@example.com +79161234568 +34600111222 +79161234569" {
		t.Errorf("contact points: %s", got)
	}
	if got := w.text(`select note from clients where name = 'Иван Петров'`); got != "Звонить утром" {
		t.Errorf("note: %q", got)
	}
	if n := w.int(`select count(*) from clients where kind = 'organisation'`); n != 1 {
		t.Errorf("%d organisations", n)
	}
	if n := w.int(`select count(distinct organisation_id) from clients where organisation_id is not null`); n != 1 {
		t.Errorf("%d employers", n)
	}
	if n := w.int(`select count(*) from audit_entries where action = 'client.create' and user_id = $1`, w.anna.UserID); n != w.int(`select count(*) from clients`) {
		t.Errorf("%d entries in the log", n)
	}
	if n := w.int(`select count(*) from live_events where user_id = $1 and kind = 'import.ended'`, w.anna.UserID); n != 1 {
		t.Errorf("told %d times that it has ended", n)
	}
}

func TestPolicies(t *testing.T) {
	const data = "name,phone,email,note,language\nAna,600 111 222,,new note,es\nNew,600 111 333,new@example.com,,\nNew,600-111-333,,again,\n"
	for policy, want := range map[string]struct{ verdicts, ana string }{
		"skip":      {"2:skipped/duplicate 3:created 4:skipped/duplicate_in_file", "Ana María old "},
		"fill":      {"2:updated 3:created 4:updated", "Ana María old es"},
		"overwrite": {"2:updated 3:created 4:updated", "Ana new note es"},
		"new":       {"2:created 3:created 4:created", "Ana María old "},
	} {
		w := newWorld(t)
		w.start()
		known, err := w.clients.Create(w.as(w.anna), client.NewClient{
			Fields:        client.Fields{Kind: "person", Name: "Ana María", Note: "old"},
			ContactPoints: []client.NewPoint{{Kind: "phone", Raw: "+34600111222"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, rows := w.run(w.policy(w.upload("a.csv", data), func(p *importing.Policy) { p.OnMatch = policy }))
		if got := verdicts(rows); got != want.verdicts {
			t.Errorf("%s: %s", policy, got)
		}
		if got := w.text(`select name || ' ' || note || ' ' || language from clients where id = $1`, known.ID); got != want.ana {
			t.Errorf("%s: %q", policy, got)
		}
	}
}

func TestANumberOfTwoNamesNobody(t *testing.T) {
	w := newWorld(t)
	w.start()
	for _, name := range []string{"Ana", "Office"} {
		if _, err := w.clients.Create(w.as(w.anna), client.NewClient{
			Fields: client.Fields{Kind: "person", Name: name}, ContactPoints: []client.NewPoint{{Kind: "phone", Raw: "600111222"}},
		}); err != nil {
			t.Fatal(err)
		}
	}
	_, rows := w.run(w.upload("a.csv", "name,phone,note\nSomebody,600111222,x\nÁNA,600111222,y\n"))
	if got := verdicts(rows); got != "2:failed/ambiguous 3:updated" {
		t.Error(got)
	}
}

func TestOwnersCountOnlyForWhoMayAssign(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.exec(`update users set roles = '{operator}' where id = $1`, w.anna.UserID) // between the upload and the run
	im := w.upload("a.csv", "name,phone,responsible\nAna,600111222,boris\n")
	im, _ = w.run(im)
	if im.Created != 1 || w.int(`select count(*) from clients where responsible_id is not null`) != 0 {
		t.Errorf("%s, owned: %d", counts(im), w.int(`select count(*) from clients where responsible_id is not null`))
	}
	if w.int(`select count(*) from audit_entries where action = 'import.ignored'`) != 1 {
		t.Error("the log does not know of it")
	}
}

func TestOtherPeoplesImportsDoNotExist(t *testing.T) {
	w := newWorld(t)
	w.start()
	im, _ := w.run(w.upload("a.csv", "name,phone\nAna,600111222\nBad,x\n"))
	boris, ada := w.as(w.boris), w.as(w.ada)
	calls := map[string]func(context.Context) error{
		"get":      func(ctx context.Context) error { _, err := w.imports.Get(ctx, im.ID); return err },
		"preview":  func(ctx context.Context) error { _, err := w.imports.Preview(ctx, im.ID, 5); return err },
		"rows":     func(ctx context.Context) error { _, _, err := w.imports.Verdicts(ctx, im.ID, 0, "", 5); return err },
		"download": func(ctx context.Context) error { return w.imports.MayDownload(ctx, im.ID) },
		"undo":     func(ctx context.Context) error { _, err := w.imports.Undo(ctx, im.ID); return err },
		"run":      func(ctx context.Context) error { _, err := w.imports.Run(ctx, im.ID); return err },
		"discard":  func(ctx context.Context) error { return w.imports.Discard(ctx, im.ID) },
	}
	absent := fault.New(fault.NotFound, "import_not_found", "There is no such import.").Error()
	for name, call := range calls {
		if err := call(boris); err == nil || err.Error() != absent {
			t.Errorf("%s of another's import: %v", name, err)
		}
	}
	if list, err := w.imports.List(boris, 0, 10); err != nil || len(list) != 0 {
		t.Errorf("list: %v %v", list, err)
	}
	if err := calls["rows"](ada); err != nil {
		t.Errorf("the admin: %v", err)
	}
	if w.int(`select count(*) from clients`) != 1 {
		t.Error("a refused request had an effect")
	}
}

func TestUndoTakesBackWhatNobodyTouched(t *testing.T) {
	w := newWorld(t)
	w.start()
	known, err := w.clients.Create(w.as(w.anna), client.NewClient{
		Fields: client.Fields{Kind: "person", Name: "Known"}, ContactPoints: []client.NewPoint{{Kind: "phone", Raw: "600111000"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	before := w.text(`select name || note || language from clients where id = $1`, known.ID)
	im, _ := w.run(w.upload("a.csv", "name,phone,email,note,organisation\nKnown,600111000,k@example.com,one,\nKnown,600111000,k2@example.com,,\n"+
		"Free,600111001,,,Acme\nNoted,600111002,,,\nChanged,600111003,,,\n"))
	if im.Created != 3 || im.Updated != 2 {
		t.Fatal(counts(im))
	}
	noted := w.int(`select id from clients where name = 'Noted'`)
	if _, err := w.clients.AddNote(w.as(w.ada), noted, "we spoke"); err != nil {
		t.Fatal(err)
	}
	changed := w.int(`select id from clients where name = 'Changed'`)
	if _, err := w.clients.Change(w.as(w.anna), changed, 1, func(f *client.Fields) { f.Note = "mine" }); err != nil {
		t.Fatal(err)
	}
	if _, err := w.imports.Undo(w.as(w.anna), im.ID); err != nil {
		t.Fatal(err)
	}
	im = w.until(im.ID, importing.Undone)
	if im.Undone != 3 || im.Kept != 2 {
		t.Errorf("%d undone, %d kept", im.Undone, im.Kept)
	}
	if got := w.text(`select string_agg(name, ' ' order by name) from clients`); got != "Changed Known Noted" {
		t.Errorf("left: %s", got)
	}
	if got := w.text(`select name || note || language from clients where id = $1`, known.ID); got != before {
		t.Errorf("restored: %q", got)
	}
	if n := w.int(`select count(*) from contact_points where client_id = $1`, known.ID); n != 1 {
		t.Errorf("%d contact points", n)
	}
}

func TestLayoutsAreRecognised(t *testing.T) {
	w := newWorld(t)
	for header, want := range map[string]struct{ source, targets string }{
		"First Name,Middle Name,Last Name,Organization Name,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value,Notes": {"google", "given_name middle_name family_name organisation _ email _ phone note"},
		"Name,Given Name,Family Name,Group Membership,E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value":               {"google", "name _ _ _ _ email _ phone"},
		"First Name,Last Name,Company,E-mail Address,Mobile Phone,Business Phone,Home Phone,Notes":                                   {"outlook", "given_name family_name organisation email phone phone phone note"},
		"id,kind,name,phone,email,organisation,responsible,note,language,time zone":                                                  {"own", "id kind name phone email organisation responsible note language time_zone"},
		"Фамилия,Имя,Отчество,Мобильный телефон,Рабочий телефон,E-mail":                                                              {"", "family_name given_name middle_name phone phone email"},
		"Nombre,Apellidos,Teléfono móvil,Correo electrónico,Empresa":                                                                 {"", "given_name family_name phone email organisation"},
		"Имя,Телефон": {"", "name phone"},
	} {
		im := w.upload("x.csv", header+"\na,b,c\n")
		var targets []string
		for _, c := range im.Mapping.Columns {
			target := c.Target
			if target == "" {
				target = "_"
			}
			targets = append(targets, target)
		}
		if got := strings.Join(targets, " "); im.Source != want.source || got != want.targets {
			t.Errorf("%s\n got %q %s\nwant %q %s", header, im.Source, got, want.source, want.targets)
		}
	}
}

func TestASavedMappingIsFoundByItsColumns(t *testing.T) {
	w := newWorld(t)
	w.start()
	im := w.upload("a.csv", "X,Y,Z\nAna,600111222,A\n")
	m := im.Mapping
	m.Columns[0].Target, m.Columns[1].Target, m.Columns[2].Target = "name", "phone", "language"
	m.Columns[2].Values = map[string]string{"A": "es"}
	p := im.Policy
	p.SaveAs, p.OnMatch = "Old shop", "skip"
	if _, err := w.imports.Edit(w.as(w.anna), im.ID, importing.ImportEdit{Mapping: &m, Policy: &p}); err != nil {
		t.Fatal(err)
	}
	w.run(im)
	if got := w.text(`select language from clients`); got != "es" {
		t.Errorf("value mapping: %q", got)
	}
	again := w.upload("b.csv", "Z,X,Y\nA,Eva,600111223\n")
	if again.Source != "saved" || again.Policy.SaveAs != "Old shop" || again.Policy.OnMatch != "skip" || again.Mapping.Columns[1].Target != "name" || again.Mapping.Columns[0].Values["A"] != "es" {
		t.Errorf("%+v", again)
	}
}

func TestWhatCannotBeImportedIsRefused(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct{ data, code string }{
		"empty":       {"", "file_empty"},
		"blank lines": {"\n\n\n", "file_empty"},
		"broken book": {"PK\x03\x04nothing", "file_damaged"},
	} {
		if _, err := w.imports.Upload(w.as(w.anna), "x", strings.NewReader(c.data)); fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	im := w.upload("a.csv", "a,b\n1,2\n")
	if _, err := w.imports.Run(w.as(w.anna), im.ID); fault.CodeOf(err) != "mapping_incomplete" {
		t.Errorf("without a name: %v", err)
	}
	m := im.Mapping
	m.Columns[0].Target, m.Columns[1].Target = "name", "password_hash"
	if _, err := w.imports.Edit(w.as(w.anna), im.ID, importing.ImportEdit{Mapping: &m}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.imports.Check(w.as(w.anna), im.ID); fault.CodeOf(err) != "mapping_invalid" {
		t.Errorf("unknown target: %v", err)
	}
	if n := w.int(`select count(*) from imports`); n != 1 {
		t.Errorf("%d imports", n)
	}
}

func TestOneMayStopAndGoOn(t *testing.T) {
	w := newWorld(t)
	im := w.upload("a.csv", "name,phone\nAna,600111222\n")
	ctx := w.as(w.anna)
	for _, step := range []struct {
		do   func(context.Context, int64) (importing.Import, error)
		want importing.State
	}{
		{w.imports.Check, importing.Checking}, {w.imports.Cancel, importing.Draft}, {w.imports.Run, importing.Running},
		{w.imports.Pause, importing.Paused}, {w.imports.Run, importing.Running},
	} {
		if im, err := step.do(ctx, im.ID); err != nil || im.State != step.want {
			t.Fatalf("%v %v", im.State, err)
		}
	}
	if _, err := w.imports.Check(ctx, im.ID); fault.CodeOf(err) != "import_state" {
		t.Errorf("a dry run of a running import: %v", err)
	}
	w.start()
	w.until(im.ID, importing.Done)
	if w.int(`select count(*) from clients`) != 1 {
		t.Error("several workers were appointed, and each brought it in")
	}
}

func TestADisabledAuthorsImportStops(t *testing.T) {
	w := newWorld(t)
	im := w.upload("a.csv", "name,phone\nAna,600111222\n")
	if _, err := w.imports.Run(w.as(w.anna), im.ID); err != nil {
		t.Fatal(err)
	}
	w.exec(`update users set active = false where id = $1`, w.anna.UserID)
	w.start()
	if im = w.until(im.ID, importing.Paused); im.Problem != "author_disabled" || w.int(`select count(*) from clients`) != 0 {
		t.Errorf("%+v", im)
	}
}

// collect keeps what a download writes.
type collect [][]string

func (c *collect) Write(cells []string) error { *c = append(*c, cells); return nil }
func (c *collect) Close() error               { return nil }

func TestRefusedRowsCanBePutRightAndBroughtAgain(t *testing.T) {
	w := newWorld(t)
	w.start()
	im, _ := w.run(w.upload("a.csv", "name,phone\nAna,600111222\n=cmd,bad number\n"))
	var out collect
	if err := w.imports.Download(w.as(w.anna), im.ID, "failed", &out); err != nil {
		t.Fatal(err)
	}
	if len(out) != 2 || strings.Join(out[0], ",") != "line,verdict,reason,field,client id,name,phone" ||
		strings.Join(out[1], ",") != "3,failed,number_invalid,phone,,=cmd,bad number" {
		t.Errorf("%q", out)
	}
}
