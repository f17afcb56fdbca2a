package lead_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/lead"
	"centralita/internal/postgres"
	"centralita/internal/web"
)

// noLive is where the signals of a benchmark go.
type noLive struct{}

func (noLive) Signal(context.Context, string, any) {}
func (noLive) KickUser(context.Context, int64)     {}
func (noLive) KickSession(context.Context, int64)  {}

// BenchmarkCreate measures POST /api/leads with session, rights, journal and audit entry, against the least a program
// can do: one INSERT … RETURNING behind a bare handler.
func BenchmarkCreate(b *testing.B) {
	w := newWorld(b)
	product, cookie := productServer(b, w)
	bare := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var in struct {
			Number string `json:"number"`
		}
		var out struct {
			ID int64 `json:"id"`
		}
		if json.NewDecoder(r.Body).Decode(&in) != nil || w.db.Conn(r.Context()).QueryRow(r.Context(),
			"insert into bare (line_id, identity, number, raw, source) values ($2, 'n:' || $1, $1, $1, 'manual') returning id", in.Number, w.lines[0]).Scan(&out.ID) != nil {
			rw.WriteHeader(http.StatusInternalServerError)
			return
		}
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(out)
	}))
	b.Cleanup(bare.Close)
	w.exec("create table bare (like leads including all)")
	var serial atomic.Int64
	for _, conns := range []int{1, 16} {
		for name, url := range map[string]string{"bare": bare.URL, "product": product.URL} {
			b.Run(fmt.Sprintf("%s-%d", name, conns), func(b *testing.B) { load(b, url, cookie, conns, w.lines[0], &serial) })
		}
	}
}

func productServer(b *testing.B, w *world) (*httptest.Server, string) {
	people, err := access.New(w.db, audit.NewLog(w.db), noLive{}, access.Options{})
	w.ok(err)
	_, err = people.AddUser(w.ctx, access.NewUser{Login: "bench", Name: "Bench", Roles: []string{"operator"}, Password: "a long enough passphrase"})
	w.ok(err)
	token, _, err := people.Login(w.ctx, "bench", "a long enough passphrase", "")
	w.ok(err)
	s := web.New(web.Options{Gate: people, Logger: slog.New(slog.DiscardHandler), Classify: postgres.Classify})
	lead.NewAPI(lead.NewLedger(w.db, audit.NewLog(w.db), noLive{}), nil, nil).Register(s.Router())
	server := httptest.NewServer(s.Handler())
	b.Cleanup(server.Close)
	return server, token
}

func load(b *testing.B, url, cookie string, conns int, line int64, serial *atomic.Int64) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: conns}}
	took := make([][]time.Duration, conns)
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ResetTimer()
	var all sync.WaitGroup
	for i := range conns {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				body := fmt.Sprintf(`{"number":"+3461%07d","line_id":%d,"note":"bench"}`, serial.Add(1), line)
				req, _ := http.NewRequestWithContext(b.Context(), http.MethodPost, url+"/api/leads", strings.NewReader(body))
				req.Header.Set("Content-Type", "application/json")
				req.AddCookie(&http.Cookie{Name: web.SessionCookieName, Value: cookie})
				start := time.Now()
				resp, err := client.Do(req)
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				took[i] = append(took[i], time.Since(start))
				if resp.StatusCode >= 300 {
					b.Error(resp.Status)
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	sorted := slices.Sorted(slices.Values(slices.Concat(took...)))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
	b.ReportMetric(float64(sorted[len(sorted)*99/100].Microseconds())/1000, "p99-ms")
}
