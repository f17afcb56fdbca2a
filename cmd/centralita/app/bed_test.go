package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"centralita/internal/config"
	"centralita/internal/postgres/pgtest"
	"centralita/internal/web"
)

// bed is a server with all its rooms on a database of its own, without a switch.
type bed struct {
	*App
	t       testing.TB
	handler http.Handler
}

func newBed(t testing.TB) *bed {
	t.Helper()
	c, err := config.Load([]string{
		"DATABASE_URL=" + pgtest.URL(t) + "&pool_max_conns=8", "CENTRALITA_ARI_PASSWORD=none", "CENTRALITA_LOG_LEVEL=error",
		"CENTRALITA_FILES_DIR=" + t.TempDir(), "CENTRALITA_AUDIT_DIR=" + t.TempDir(),
		"TWILIO_ACCOUNT_SID=AC00000000000000000000000000000000", "TWILIO_AUTH_TOKEN=none", "TWILIO_FROM=+34910000001", "TWILIO_BASE_URL=http://127.0.0.1:1",
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(t.Context(), c, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.db.Close)
	b := &bed{App: a, t: t, handler: a.Handler()}
	b.exec("update audit_quotas set per_hour = null, per_day = null")
	b.exec("update export_settings set daily_exports = 1000, daily_rows = 10000000, approval_rows = 1000000")
	return b
}

func (b *bed) exec(sql string, args ...any) {
	b.t.Helper()
	if _, err := b.db.Pool().Exec(b.t.Context(), sql, args...); err != nil {
		b.t.Fatalf("%v\n%s", err, sql)
	}
}

// each reads rows into the places of into, and calls fn after each.
func (b *bed) each(sql string, into []any, fn func()) {
	b.t.Helper()
	rows, err := b.db.Pool().Query(b.t.Context(), sql)
	if err != nil {
		b.t.Fatalf("%v\n%s", err, sql)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			b.t.Fatalf("%v\n%s", err, sql)
		}
		fn()
	}
	if err := rows.Err(); err != nil {
		b.t.Fatalf("%v\n%s", err, sql)
	}
}

// signIn opens a session of a user and returns its token.
func (b *bed) signIn(user int64) string {
	b.t.Helper()
	var raw [32]byte
	rand.Read(raw[:]) // never fails
	token := base64.RawURLEncoding.EncodeToString(raw[:])
	hash := sha256.Sum256([]byte(token))
	b.exec("insert into sessions (user_id, token_hash, expires_at, proved_at) values ($1, $2, now() + interval '1 day', now())", user, hash[:])
	return token
}

// recorder is an answer without a connection, which has no limits either.
type recorder struct{ *httptest.ResponseRecorder }

// SetReadDeadline implements what http.ResponseController asks of a connection.
func (recorder) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements what http.ResponseController asks of a connection.
func (recorder) SetWriteDeadline(time.Time) error { return nil }

// answer is what came back, headers included.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask sends a request to the API with a session's token; a body that is bytes is
// sent as it is.
func (b *bed) ask(token, method, path string, in any) answer {
	b.t.Helper()
	return b.send(b.t.Context(), token, method, "/api"+path, in)
}

func (b *bed) send(ctx context.Context, token, method, path string, in any) answer {
	b.t.Helper()
	var body io.Reader = http.NoBody
	kind := "application/json"
	switch in := in.(type) {
	case nil:
	case []byte:
		body, kind = bytes.NewReader(in), "application/octet-stream"
	default:
		text, err := json.Marshal(in)
		if err != nil {
			b.t.Fatal(err)
		}
		body = bytes.NewReader(text)
	}
	req := httptest.NewRequestWithContext(ctx, method, path, body)
	req.Header.Set("Content-Type", kind)
	if token != "" {
		req.AddCookie(&http.Cookie{Name: web.SessionCookieName, Value: token})
	}
	w := recorder{httptest.NewRecorder()}
	b.handler.ServeHTTP(w, req)
	return answer{w.Code, w.Result().Header, w.Body.Bytes()}
}
