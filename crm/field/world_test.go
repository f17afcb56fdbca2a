package field_test

import (
	"context"
	"sync"
	"testing"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/client"
	"centralita/crm/field"
	"centralita/internal/fault"
	"centralita/internal/jobs"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
)

// world is a firm with client 1, whom Anna may change, and client 2, whom she may
// not see.
type world struct {
	t      testing.TB
	db     *postgres.DB
	fields *field.Service
	live   *signals
	errand *errands
}

type signals struct {
	mu    sync.Mutex
	kinds []string
}

func (s *signals) Signal(ctx context.Context, kind string, _ any) {
	postgres.AfterCommit(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.kinds = append(s.kinds, kind)
	})
}

// errands notes what is to be done later.
type errands struct{ args []jobs.Args }

func (e *errands) Insert(_ context.Context, args jobs.Args, _ *jobs.Opts) error {
	e.args = append(e.args, args)
	return nil
}

// book lets nobody see client 2.
type book struct{}

func (book) CanRead(_ context.Context, id int64) error {
	if id == 2 {
		return fault.New(fault.NotFound, "client_not_found", "There is no such client.")
	}
	return nil
}
func (b book) CanChange(ctx context.Context, id int64) error { return b.CanRead(ctx, id) }

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, db: pgtest.New(t), live: &signals{}, errand: &errands{}}
	w.exec(`insert into users (login, name, password_hash, roles, sip_user, sip_password) values ('anna', 'Anna Ruiz', '', '{supervisor}', 'a1', '')`)
	w.exec(`insert into clients (kind, name, name_key) values ('person', 'Lucía', 'lucia'), ('person', 'Hidden', 'hidden'), ('organisation', 'Acme', 'acme')`)
	w.exec(`insert into files (client_id, name, blob, ready_at) values (1, 'offer.pdf', 'a', now()), (2, 'secret.pdf', 'b', now())`)
	w.fields = field.New(w.db, field.Ports{Clients: book{}, Audit: audit.NewLog(w.db), Live: w.live, Queue: w.errand, Fold: client.Fold})
	return w
}

func (w *world) ctx() context.Context {
	return access.WithActor(w.t.Context(), access.Actor{UserID: 1, Login: "anna", Name: "Anna Ruiz", Roles: []string{access.Admin}})
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Conn(w.t.Context()).Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) read(sql string, args ...any) (v string) {
	w.t.Helper()
	if err := w.db.Conn(w.t.Context()).QueryRow(w.t.Context(), "select ("+sql+")::text", args...).Scan(&v); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func must[T any](w *world, v T, err error) T {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *world) section(kind, title string, fields ...field.NewField) field.Section {
	w.t.Helper()
	x, err := w.fields.AddSection(w.ctx(), field.Section{Entity: field.Client, Kind: kind, Title: title}, fields)
	return must(w, x, err)
}

func (w *world) field(section int64, f field.NewField) field.Field {
	w.t.Helper()
	x, err := w.fields.AddField(w.ctx(), section, f)
	return must(w, x, err)
}

func (w *world) dictionary(name string, terms ...string) field.Dictionary {
	w.t.Helper()
	d, err := w.fields.AddDictionary(w.ctx(), name, terms)
	return must(w, d, err)
}

// holds returns what the fields of client 1 hold, by field and row.
func (w *world) holds() map[[2]int64]field.Value {
	w.t.Helper()
	sheet, err := w.fields.Sheet(w.ctx(), 1)
	if err != nil {
		w.t.Fatal(err)
	}
	all := map[[2]int64]field.Value{}
	for _, v := range sheet.Values {
		all[[2]int64{v.FieldID, v.RowID}] = v
	}
	return all
}

func (w *world) set(f field.Field, value string) error {
	return w.fields.Set(w.ctx(), 1, []field.Change{{FieldID: f.ID, Value: value}})
}

func (w *world) refused(err error, code string) {
	w.t.Helper()
	if fault.CodeOf(err) != code {
		w.t.Errorf("%v, want %s", err, code)
	}
}

func of(f field.Field) [2]int64 { return [2]int64{f.ID, 0} }

func text(label string) field.NewField { return field.NewField{Label: label, Type: field.Text} }

func number(label string) field.NewField {
	return field.NewField{Label: label, Type: field.Number, Options: field.Options{Decimals: 4}}
}

func money(label string) field.NewField {
	return field.NewField{Label: label, Type: field.Money, Options: field.Options{Currency: "EUR", Decimals: 2}}
}

func date(label string) field.NewField { return field.NewField{Label: label, Type: field.Date} }

func formula(label, text string) field.NewField {
	return field.NewField{Label: label, Type: field.Formula, Options: field.Options{Formula: text, Decimals: 2}}
}
