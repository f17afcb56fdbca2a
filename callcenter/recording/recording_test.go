package recording_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"centralita/callcenter/recording"
	"centralita/callcenter/store"
	"centralita/internal/fault"
	"centralita/internal/postgres"
	"centralita/internal/postgres/pgtest"
	"centralita/internal/siptest/tone"
	"centralita/internal/web"
)

// archive is a server's recordings: a real database, a directory that Asterisk records into, and the kept files.
type archive struct {
	t             *testing.T
	db            *postgres.DB
	books         *store.Books
	monitor, kept string
	heard         []int64
	refuse        error
}

func open(t *testing.T) *archive {
	a := &archive{t: t, db: pgtest.New(t), monitor: t.TempDir(), kept: t.TempDir()}
	a.books = store.New(a.db, "test")
	a.exec(`insert into calls (asterisk_id, uniqueid, direction, phase, started_at, ended_at, state)
	        values ('pbx', '1700.1', 'in', 'ended', now(), now(), '{}')`)
	a.exec(`insert into recordings (call_id, source) values (1, '1700.1')`)
	return a
}

func (a *archive) exec(sql string) {
	a.t.Helper()
	if _, err := a.db.Conn(a.t.Context()).Exec(a.t.Context(), sql); err != nil {
		a.t.Fatal(err)
	}
}

// work processes call 1 as if the raw file had been finished long ago.
func (a *archive) work(attempt int) error {
	p := &recording.Processor{
		Store: a.books, Monitor: a.monitor, Archive: a.kept, Finished: func(context.Context, int64) {},
		Now: func() time.Time { return time.Now().Add(time.Minute) }, Log: slog.New(slog.DiscardHandler),
	}
	return p.Work(a.t.Context(), 1, attempt)
}

func (a *archive) recording() recording.Recording {
	a.t.Helper()
	r, err := a.books.Recording(a.t.Context(), 1)
	if err != nil {
		a.t.Fatal(err)
	}
	return r
}

// sound is raw stereo: a tone of each pitch, and a torn last frame as a crash leaves it.
func sound(seconds int, client, agent float64) []byte {
	var raw bytes.Buffer
	for i := range seconds * 8000 {
		for _, hz := range []float64{client, agent} {
			sample := int16(8000 * math.Sin(2*math.Pi*hz*float64(i)/8000))
			if err := binary.Write(&raw, binary.LittleEndian, sample); err != nil {
				panic(err)
			}
		}
	}
	return append(raw.Bytes(), 1, 2, 3)
}

func (a *archive) record(raw []byte) {
	a.t.Helper()
	if err := os.WriteFile(filepath.Join(a.monitor, "1700.1.raw"), raw, 0o600); err != nil {
		a.t.Fatal(err)
	}
}

func TestRawSoundBecomesAKeptFileWithEachSideOnItsOwnChannel(t *testing.T) {
	a := open(t)
	a.record(sound(3, 500, 900))
	if err := a.work(1); err != nil {
		t.Fatal(err)
	}
	r := a.recording()
	if r.State != recording.Ready || r.DurationMS != 3000 || len(r.SHA256) != 64 || r.SizeBytes == 0 {
		t.Fatalf("%+v", r)
	}
	if n := len(r.Peaks.Client); n != 150 || r.Peaks.Client[n/2] < 20 || r.Peaks.Agent[n/2] < 20 {
		t.Errorf("waveform of %d points: %v", n, r.Peaks.Client)
	}
	sides, err := tone.DecodeOpus(t.Context(), filepath.Join(a.kept, r.Path))
	if err != nil {
		t.Fatal(err)
	}
	if len(sides) != 2 {
		t.Fatalf("%d channels", len(sides))
	}
	for i, want := range []struct{ there, not float64 }{{500, 900}, {900, 500}} {
		if sides[i].Amplitude(want.there) < tone.Present || sides[i].Amplitude(want.not) > tone.Present/5 {
			t.Errorf("channel %d: %.0f at %.0f Hz, %.0f at %.0f Hz", i, sides[i].Amplitude(want.there), want.there, sides[i].Amplitude(want.not), want.not)
		}
	}
	if _, err := os.Stat(filepath.Join(a.monitor, "1700.1.raw")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the raw file stays: %v", err)
	}
	if err := a.work(2); err != nil {
		t.Errorf("a repeated job fails: %v", err)
	}
}

func TestALongWaveformIsFolded(t *testing.T) {
	a := open(t)
	a.record(sound(60, 500, 900))
	if err := a.work(1); err != nil {
		t.Fatal(err)
	}
	if n := len(a.recording().Peaks.Agent); n == 0 || n > 800 {
		t.Errorf("%d points", n)
	}
}

func TestASoundThatNeverCameIsMissingAfterSomeWaiting(t *testing.T) {
	a := open(t)
	if err := a.work(1); err == nil {
		t.Fatal("not waited for")
	}
	if err := a.work(5); err != nil {
		t.Fatal(err)
	}
	if got := a.recording().State; got != recording.Missing {
		t.Errorf("state %s", got)
	}
}

func TestANameThatLeadsElsewhereIsRefused(t *testing.T) {
	a := open(t)
	a.exec(`update recordings set source = '../../etc/passwd'`)
	if err := a.work(1); err != nil {
		t.Fatal(err)
	}
	if got := a.recording().State; got != recording.Broken {
		t.Errorf("state %s", got)
	}
}

// everybody is a gate that lets all in: rights are the access room's.
type everybody struct{}

func (everybody) Enter(ctx context.Context, _ string) (context.Context, error) { return ctx, nil }
func (everybody) Allow(context.Context, web.Permission) error                  { return nil }

func (a *archive) get(header ...string) (*http.Response, []byte) {
	a.t.Helper()
	server := web.New(web.Options{Title: "test", Gate: everybody{}, Logger: slog.New(slog.DiscardHandler)})
	recording.NewAPI(a.books, a.kept, func(context.Context, int64) error { return nil }, func(_ context.Context, call int64) error {
		a.heard = append(a.heard, call)
		return a.refuse
	}).Register(server.Router())
	http := httptest.NewServer(server.Handler())
	defer http.Close()
	return fetch(a.t, http, header...)
}

func fetch(t *testing.T, server *httptest.Server, header ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/calls/1/audio", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: web.SessionCookieName, Value: "x"})
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

func TestListeningIsNotedBeforeTheFirstByteAndRefusedWhenItCannotBe(t *testing.T) {
	a := open(t)
	a.record(sound(2, 500, 900))
	if err := a.work(1); err != nil {
		t.Fatal(err)
	}
	resp, body := a.get()
	if resp.StatusCode != http.StatusOK || int64(len(body)) != a.recording().SizeBytes || len(a.heard) != 1 {
		t.Fatalf("%s, %d bytes, heard %v", resp.Status, len(body), a.heard)
	}
	resp, part := a.get("Range", "bytes=10-19")
	if resp.StatusCode != http.StatusPartialContent || !bytes.Equal(part, body[10:20]) {
		t.Errorf("%s, %d bytes", resp.Status, len(part))
	}
	a.refuse = fault.New(fault.Unavailable, "log_down", "The log cannot be written.")
	if resp, body := a.get(); resp.StatusCode != http.StatusServiceUnavailable || bytes.HasPrefix(body, []byte("OggS")) {
		t.Errorf("without a log: %s", resp.Status)
	}
}

func TestAFlippedByteIsFound(t *testing.T) {
	a := open(t)
	a.record(sound(1, 500, 900))
	if err := a.work(1); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(a.kept, a.recording().Path)
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	body[len(body)/2] ^= 1
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	if resp, _ := a.get(); resp.StatusCode != http.StatusConflict || len(a.heard) != 0 {
		t.Errorf("%s, heard %v", resp.Status, a.heard)
	}
}
