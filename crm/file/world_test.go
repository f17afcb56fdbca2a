package file_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/file"
	"centralita/internal/fault"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
	"centralita/internal/web"
)

// world is a card (1) that Anna may use, one (2) that she may not, and a server
// in front of the files.
type world struct {
	t      *testing.T
	db     *postgres.DB
	dir    string
	files  *file.Service
	server *httptest.Server
}

type anna struct{}

func (anna) Enter(ctx context.Context, _ string) (context.Context, error) {
	return access.WithActor(ctx, access.Actor{UserID: 1, Name: "Anna", Roles: []string{access.Supervisor}}), nil
}
func (anna) Allow(ctx context.Context, p web.Permission) error { return access.Allow(ctx, p) }

// book lets everybody see client 1 alone.
type book struct{}

func (book) CanRead(_ context.Context, id int64) error {
	if id == 1 {
		return nil
	}
	return fault.New(fault.NotFound, "client_not_found", "There is no such client.")
}
func (b book) CanChange(ctx context.Context, id int64) error { return b.CanRead(ctx, id) }

type quiet struct{}

func (quiet) Signal(context.Context, string, any) {}

func newWorld(t *testing.T, limits file.Limits) *world {
	t.Helper()
	w := &world{t: t, db: pgtest.New(t), dir: filepath.Join(t.TempDir(), "uploads")}
	w.exec(`insert into users (login, name, password_hash, roles, sip_user, sip_password) values ('anna', 'Anna', '', '{supervisor}', 'a1', '')`)
	w.exec(`insert into clients (kind, name, name_key) values ('person', 'Lucía', 'lucia'), ('person', 'Hidden', 'hidden')`)
	w.files = file.New(w.db, file.Ports{Clients: book{}, Audit: audit.NewLog(w.db), Live: quiet{}, Blob: file.NewDisk(w.dir)}, limits)
	s := web.New(web.Options{Title: "t", Version: "1", Gate: anna{}, Logger: slog.New(slog.DiscardHandler)})
	file.NewAPI(w.files).Register(s.Router())
	w.server = httptest.NewServer(s.Handler())
	t.Cleanup(w.server.Close)
	return w
}

func small(t *testing.T) *world { return newWorld(t, file.Limits{File: 64 << 10, Firm: 1 << 20}) }

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Conn(w.t.Context()).Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) number(sql string, args ...any) (n int) {
	w.t.Helper()
	if err := w.db.Conn(w.t.Context()).QueryRow(w.t.Context(), sql, args...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// ask sends a request as anna; headers come in pairs.
func (w *world) ask(method, path string, body io.Reader, headers ...string) (*http.Response, []byte) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+"/api"+path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: web.SessionCookieName, Value: "x"})
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		w.t.Fatal(err)
	}
	return res, text
}

// upload sends content under a name and returns the status and the file.
func (w *world) upload(client int, name string, content []byte) (int, file.File) {
	w.t.Helper()
	res, text := w.ask(http.MethodPost, "/clients/"+strconv.Itoa(client)+"/files?name="+url.QueryEscape(name), bytes.NewReader(content), "Content-Type", "application/octet-stream")
	var f file.File
	if err := json.Unmarshal(text, &f); res.StatusCode == http.StatusCreated && err != nil {
		w.t.Fatal(err)
	}
	return res.StatusCode, f
}

// blobs are the names of the contents on disk.
func (w *world) blobs() []string {
	w.t.Helper()
	entries, err := os.ReadDir(w.dir)
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

func later(d time.Duration) time.Time { return time.Now().Add(d) }
