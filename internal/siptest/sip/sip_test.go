package sip_test

import (
	"net/netip"
	"strings"
	"testing"

	"centralita/internal/siptest/sip"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParseReadsBackWhatBytesWrote(t *testing.T) {
	in := &sip.Message{Method: "INVITE", URI: "sip:1@127.0.0.1", Body: []byte("v=0\r\n")}
	in.Add("From", `"\xff\x00😀" <sip:%00%22@x>;tag=1`)
	in.Add("X-Evil", "'; DROP TABLE calls --")
	out, err := sip.Parse(in.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	in.Add("Content-Length", "5")
	if diff := cmp.Diff(in, out); diff != "" {
		t.Error(diff)
	}
}

func TestParseCompactFoldedAndCut(t *testing.T) {
	m, err := sip.Parse([]byte("SIP/2.0 486 Busy Here\r\nv: SIP/2.0/UDP x\r\ni: abc\r\nSubject: one\r\n\ttwo\r\nCSeq: 7 INVITE\r\nl: 2\r\n\r\nabcdef"))
	if err != nil {
		t.Fatal(err)
	}
	number, method := m.CSeq()
	got := []any{m.Status, m.Reason, m.Get("call-id"), m.Get("Via"), m.Get("Subject"), number, method, string(m.Body)}
	want := []any{486, "Busy Here", "abc", "SIP/2.0/UDP x", "one two", 7, "INVITE", "ab"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseNeverPanics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := []byte("INVITE sip:1@h SIP/2.0\r\n")
		raw = append(raw, rapid.SliceOf(rapid.SampledFrom([]byte("a:;<>\"=@ \r\n\x00\xff0"))).Draw(t, "rest")...)
		m, err := sip.Parse(raw)
		if err != nil {
			return
		}
		for _, h := range m.Headers {
			sip.Param(h.Value, "tag")
			sip.HostPort(sip.URI(h.Value))
			sip.User(sip.URI(h.Value))
			sip.Display(h.Value)
		}
		sip.ParseSDP(raw)
		m.CSeq()
		m.Reply(200, "OK", "t").Bytes()
	})
}

func TestAddressParts(t *testing.T) {
	value := `"Ana \"la jefa\"" <sip:%2B34600111222@127.0.0.1:5070;transport=udp>;tag=9;x`
	uri := sip.URI(value)
	addr, ok := sip.HostPort(uri)
	got := []any{sip.Display(value), sip.User(uri), sip.Param(value, "tag"), sip.Param(value, "transport"), addr, ok}
	want := []any{`Ana "la jefa"`, "+34600111222", "9", "", netip.MustParseAddrPort("127.0.0.1:5070"), true}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if got := sip.Display(sip.Quote(`a\"b`) + " <sip:x@y>"); got != `a\"b` {
		t.Errorf("quoted and read back: %q", got)
	}
}

// The example of RFC 2617 section 3.5, without its qop (whose cnonce is random here).
func TestDigestAnswersTheChallenge(t *testing.T) {
	challenge := &sip.Message{Status: 401}
	challenge.Add("WWW-Authenticate", `Digest realm="a,b", nonce="n", algorithm=AKAv1-MD5`)
	challenge.Add("WWW-Authenticate", `Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc"`)
	got, err := sip.Authorize(challenge, "GET", "/dir/index.html", "Mufasa", "Circle Of Life")
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "Authorization" || !strings.Contains(got.Value, `response="670fd8c2df070c60b045671b8b24ff02"`) || !strings.Contains(got.Value, `opaque="5ccc"`) {
		t.Errorf("answer: %s: %s", got.Name, got.Value)
	}
	challenge = &sip.Message{Status: 407}
	challenge.Add("Proxy-Authenticate", `Digest realm="r", nonce="n", qop="auth,auth-int", algorithm=SHA-256`)
	got, err = sip.Authorize(challenge, "INVITE", "sip:1@h", "u", "p")
	if err != nil || got.Name != "Proxy-Authorization" || !strings.Contains(got.Value, "qop=auth, nc=00000001") || !strings.HasSuffix(got.Value, "algorithm=SHA-256") {
		t.Errorf("answer: %v %s: %s", err, got.Name, got.Value)
	}
	if _, err := sip.Authorize(&sip.Message{Status: 401}, "INVITE", "sip:1@h", "u", "p"); err == nil {
		t.Error("a 401 without a challenge was answered")
	}
}

func TestSDPIsReadBack(t *testing.T) {
	m, ok := sip.ParseSDP(sip.SDP(4711, 2, "sendonly"))
	if !ok || !m.ULaw || m.Direction != "sendonly" || m.Remote != netip.MustParseAddrPort("127.0.0.1:4711") {
		t.Errorf("read back: %v %+v", ok, m)
	}
	if _, ok := sip.ParseSDP([]byte("v=0\r\nm=audio 0 RTP/AVP 0\r\nc=IN IP4 127.0.0.1\r\n")); ok {
		t.Error("a refused stream was taken for an open one")
	}
}
