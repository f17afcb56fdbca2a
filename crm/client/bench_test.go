package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/client"
	"centralita/crm/line"
	"centralita/internal/web"
)

// quiet is a line to browsers that nobody is at.
type quiet struct{}

func (quiet) Signal(context.Context, string, any)            {}
func (quiet) KickUser(context.Context, int64)                {}
func (quiet) KickSession(context.Context, int64)             {}
func (quiet) LinkClient(context.Context, int64, int64) error { return nil }

// BenchmarkByNumber compares the look-up through the API, session and right
// checked, with the same SELECT and the same JSON in a bare handler.
func BenchmarkByNumber(b *testing.B) {
	w := newWorld(b)
	w.exec(`insert into clients (kind, name, name_key, responsible_id) select 'person', 'Client ' || i, 'client ' || i, 1 from generate_series(1, 50000) i`)
	w.exec(`insert into contact_points (client_id, kind, raw, value, digits_tail) select i, 'phone', 'x', '+346' || lpad(i::text, 8, '0'), reverse('346' || lpad(i::text, 8, '0')) from generate_series(1, 50000) i`)
	w.exec(`insert into contact_readings (e164, contact_point_id, client_id, confidence) select value, id, client_id, 95 from contact_points`)
	w.exec(`analyze`)
	w.exec(`update audit_quotas set per_hour = null, per_day = null`)
	product, token := w.product(b)
	bare := httptest.NewServer(bareHandler(b, w.db.Pool()))
	defer bare.Close()
	for name, url := range map[string]string{"bare": bare.URL + "/?e164=%%2B346%08d", "api": product.URL + "/api/clients/by-number?number=%%2B346%08d"} {
		b.Run(name, func(b *testing.B) {
			b.SetParallelism(8)
			var starts atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				i := int(starts.Add(1000))
				for pb.Next() {
					i++
					get(b, fmt.Sprintf(url, i%50000+1), token)
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
		})
	}
}

// product serves the API with real sessions and returns the token of one.
func (w *world) product(b *testing.B) (*httptest.Server, string) {
	journal := audit.NewLog(w.db)
	gate, err := access.New(w.db, journal, quiet{}, access.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := gate.AddUser(b.Context(), access.NewUser{Login: "bench", Name: "Bench", Roles: []string{access.Operator}, Password: "a long enough passphrase"}); err != nil {
		b.Fatal(err)
	}
	token, _, err := gate.Login(b.Context(), "bench", "a long enough passphrase", "")
	if err != nil {
		b.Fatal(err)
	}
	clients := client.New(w.db, client.Ports{Lines: line.New(w.db, journal, quiet{}), Leads: quiet{}, Audit: journal, Live: quiet{}, CauseText: func(int) string { return "" }})
	s := web.New(web.Options{Title: "t", Version: "1", Gate: gate, Logger: slog.New(slog.DiscardHandler)})
	client.NewAPI(clients).Register(s.Router())
	server := httptest.NewServer(s.Handler())
	b.Cleanup(server.Close)
	return server, token
}

func get(b *testing.B, url, token string) {
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
	if err != nil {
		b.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: web.SessionCookieName, Value: token})
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(body), "client_id") {
		b.Fatalf("%s: %d %s %v", url, res.StatusCode, body, err)
	}
	if err := res.Body.Close(); err != nil {
		b.Fatal(err)
	}
}

// bareHandler answers with the same SELECT and the same JSON, and checks nothing.
func bareHandler(b *testing.B, pool *pgxpool.Pool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		e164 := r.URL.Query().Get("e164")
		rows, err := pool.Query(r.Context(), client.SQLByReading, e164, e164, e164, e164, e164, e164)
		if err != nil {
			b.Error(err)
			return
		}
		out := client.NumberMatches{E164: e164, Display: e164}
		out.Items, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c client.Candidate, err error) {
			var kind, name string
			var stored int
			var first bool
			err = row.Scan(&c.ClientID, &c.Name, &c.Kind, &c.ResponsibleID, &c.ResponsibleName, &c.LastContactAt, &kind, &name, &c.LastUserID, &c.OpenLeads, &c.Matched, &stored, &first)
			c.Score, c.Reason = stored, "exact"
			return c, err
		})
		if err != nil {
			b.Error(err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(out); err != nil {
			b.Error(err)
		}
	}
}
