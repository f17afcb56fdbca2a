package web_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"centralita/internal/web"
)

func TestStaticApp(t *testing.T) {
	s := server(t)
	for _, path := range []string{"/", "/clients/5", "/../../etc/passwd", "/index.html"} {
		w := ask(t, s, "GET", path, "")
		if w.Code != 200 || w.Body.String() != "<p>app</p>" || w.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %d %s %v", path, w.Code, w.Body, w.Header())
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "script-src 'self';") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("CSP %q", csp)
		}
	}
	for range 2 { // compressed, then remembered
		w := ask(t, s, "GET", "/assets/a-1234.js", "", "Accept-Encoding: br, gzip")
		if w.Header().Get("Content-Encoding") != "gzip" || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%v", w.Header())
		}
		z, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(z); err != nil || string(text) != script {
			t.Errorf("%d bytes, %v", len(text), err)
		}
	}
	for _, plain := range []string{"gzip;q=0", "br", ""} {
		if w := ask(t, s, "GET", "/assets/a-1234.js", "", "Accept-Encoding: "+plain); w.Body.String() != script || w.Header().Get("Content-Encoding") != "" {
			t.Errorf("Accept-Encoding %q: %v", plain, w.Header())
		}
	}
	if w := ask(t, s, "HEAD", "/", ""); w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Length") != "10" {
		t.Errorf("HEAD: %d %q", w.Code, w.Body)
	}
}

func TestReadinessTellsComponents(t *testing.T) {
	s := server(t)
	up := func(context.Context) error { return nil }
	down := func(context.Context) error { return errors.New("connection refused") }
	read := func() (int, web.Readiness) {
		w := ask(t, s, "GET", "/readyz", "")
		var r web.Readiness
		if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		return w.Code, r
	}
	s.AddCheck("postgres", true, up)
	if code, r := read(); code != 200 || r.Status != "ready" || r.Components["postgres"].State != "up" {
		t.Errorf("%d %+v", code, r)
	}
	s.AddCheck("redis", false, down)
	if code, r := read(); code != 200 || r.Status != "degraded" || r.Components["redis"].Error != "connection refused" {
		t.Errorf("%d %+v", code, r)
	}
	s.AddCheck("ari", true, down)
	if code, r := read(); code != 503 || r.Status != "down" {
		t.Errorf("%d %+v", code, r)
	}
}

func TestMetricsAreForTheMachineItself(t *testing.T) {
	s := server(t)
	get := func(remote string, headers ...string) *httptest.ResponseRecorder {
		req := httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil)
		req.RemoteAddr = remote
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			req.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, req)
		return w
	}
	ask(t, s, "GET", "/api/me", "", signedIn)
	w := get("127.0.0.1:5")
	if w.Code != 200 || !strings.Contains(w.Body.String(), `centralita_http_request_seconds_count{class="2xx",method="GET",route="/api/me"} 1`) {
		t.Errorf("%d %.2000s", w.Code, w.Body)
	}
	for _, refused := range []*httptest.ResponseRecorder{
		get("203.0.113.9:5"), get("127.0.0.1:5", "X-Forwarded-For: 203.0.113.9"), get("127.0.0.1:5", "Authorization: Bearer wrong"),
	} {
		if refused.Code != 403 {
			t.Errorf("metrics shown to a stranger: %d", refused.Code)
		}
	}
	if w := get("203.0.113.9:5", "Authorization: Bearer metrics-token"); w.Code != 200 {
		t.Errorf("the token does not open: %d", w.Code)
	}
}

func TestClientAddressComesFromTrustedProxiesOnly(t *testing.T) {
	for _, c := range []struct{ trusted, want string }{{"10.0.0.0/8", "192.0.2.1"}, {"192.0.2.0/24", "203.0.113.7"}} {
		s := web.New(web.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix(c.trusted)}, PublicURL: &url.URL{Scheme: "https", Host: "crm.example"}})
		var got web.Request
		var cookie http.Cookie
		s.Router().Raw(web.Op{Method: "GET", Path: "/who", ID: "who", Permission: web.Public}, func(_ http.ResponseWriter, r *http.Request) {
			got = web.RequestFrom(r.Context())
			cookie = web.SessionCookie(r.Context(), "t", time.Hour)
		})
		ask(t, s, "GET", "/api/who", "", "X-Forwarded-For: 203.0.113.7", "User-Agent: "+strings.Repeat("x", 999))
		if got.ClientIP != c.want || len(got.UserAgent) != 256 || !got.Secure {
			t.Errorf("trusting %s: %+v", c.trusted, got)
		}
		if !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.MaxAge != 3600 {
			t.Errorf("cookie %+v", cookie)
		}
	}
}

// listen serves s on a free port until stop is called; stop returns Serve's error.
func listen(t *testing.T, s *web.Server) (addr string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l, 5*time.Second) }()
	t.Cleanup(cancel)
	return l.Addr().String(), func() error { cancel(); return <-done }
}

func TestShutdownLetsRequestsFinish(t *testing.T) {
	s := server(t)
	entered, release, told := make(chan struct{}), make(chan struct{}), make(chan struct{})
	s.Router().Raw(web.Op{Method: "GET", Path: "/slow", ID: "slow", Permission: web.Public}, func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		w.WriteHeader(http.StatusTeapot)
	})
	s.OnShutdown(func() { close(told) })
	addr, stop := listen(t, s)
	status := make(chan int, 1)
	go func() {
		resp, err := http.Get("http://" + addr + "/api/slow") //nolint:noctx // ends with the server
		if err != nil {
			status <- -1
			return
		}
		status <- resp.StatusCode
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
	}()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	<-told
	close(release)
	if got := <-status; got != http.StatusTeapot {
		t.Errorf("the request under way got %d", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestSocketProxyPassesSocketsAndKeepsTheCookie(t *testing.T) {
	cookies := make(chan string, 1)
	sw := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookies <- r.Header.Get("Cookie")
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		reply := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: " + r.Header.Get("Sec-WebSocket-Protocol") + "\r\n\r\n"
		if _, err := conn.Write([]byte(reply)); err != nil {
			t.Error(err)
		}
		line, err := rw.ReadString('\n')
		if err != nil {
			t.Error(err)
		}
		if _, err := rw.WriteString("echo " + line); err != nil {
			t.Error(err)
		}
		if err := rw.Flush(); err != nil {
			t.Error(err)
		}
	}))
	defer sw.Close()
	target, err := url.Parse(strings.Replace(sw.URL, "http", "ws", 1) + "/ws")
	if err != nil {
		t.Fatal(err)
	}
	s := server(t)
	s.Router().Raw(web.Op{Method: "GET", Path: "/sip", ID: "sip", Permission: web.SignedIn, Absolute: true}, s.Router().SocketProxy(target))
	addr, stop := listen(t, s)
	if w := ask(t, s, "GET", "/sip", "", "Upgrade: websocket"); w.Code != 401 {
		t.Errorf("a stranger got %d", w.Code)
	}
	if w := ask(t, s, "GET", "/sip", "", signedIn); w.Code != 426 {
		t.Errorf("plain GET got %d", w.Code)
	}
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	hello := "GET /sip HTTP/1.1\r\nHost: " + addr + "\r\n" + signedIn + "\r\nOrigin: http://" + addr + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n"
	if _, err := conn.Write([]byte(hello)); err != nil {
		t.Fatal(err)
	}
	rd := bufio.NewReader(conn)
	resp, err := http.ReadResponse(rd, nil)
	if err != nil || resp.StatusCode != 101 || resp.Header.Get("Sec-WebSocket-Protocol") != "sip" {
		t.Fatalf("%v %v", resp, err)
	}
	if _, err := conn.Write([]byte("hi\n")); err != nil {
		t.Fatal(err)
	}
	if line, err := rd.ReadString('\n'); err != nil || line != "echo hi\n" {
		t.Errorf("%q %v", line, err)
	}
	if got := <-cookies; got != "" {
		t.Errorf("the switch saw the cookie %q", got)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestProxyToADeadSwitch(t *testing.T) {
	s := server(t)
	s.Router().Raw(web.Op{Method: "GET", Path: "/sip", ID: "sip", Permission: web.Public, Absolute: true},
		s.Router().SocketProxy(&url.URL{Scheme: "http", Host: "127.0.0.1:1"}))
	if w := ask(t, s, "GET", "/sip", "", "Upgrade: websocket", "Connection: Upgrade"); w.Code != 503 || !strings.Contains(w.Body.String(), "switch_unavailable") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
