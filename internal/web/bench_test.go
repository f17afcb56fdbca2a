package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkTypedRequest is the price of everything that web adds to a handler:
// identity, headers, gate, decoding, validation, encoding and measurement.
func BenchmarkTypedRequest(b *testing.B) {
	for name, c := range map[string]struct{ method, target, body string }{
		"get":  {http.MethodGet, "/api/me", ""},
		"post": {http.MethodPost, "/api/notes/1", `{"text":"hello","n":5}`},
	} {
		b.Run(name, func(b *testing.B) {
			h := server(b).Handler()
			b.ReportAllocs()
			for b.Loop() {
				req := httptest.NewRequestWithContext(b.Context(), c.method, c.target, strings.NewReader(c.body))
				req.Header.Set("Cookie", "centralita_session=good")
				req.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				h.ServeHTTP(w, req)
				if w.Code != http.StatusOK {
					b.Fatal(w.Body)
				}
			}
		})
	}
}
