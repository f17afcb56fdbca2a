package ari_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"centralita/asterisk/ari"
	"centralita/internal/siptest/sip"
)

// browserPhone speaks as much SIP over a websocket as it takes to be rung.
type browserPhone struct {
	t    *testing.T
	conn *websocket.Conn
	user string
}

func (p *browserPhone) read() *sip.Message {
	p.t.Helper()
	do(p.t, p.conn.SetReadDeadline(time.Now().Add(limit)))
	_, raw, err := p.conn.ReadMessage()
	do(p.t, err)
	message, err := sip.Parse(raw)
	do(p.t, err)
	return message
}

func (p *browserPhone) register(authorization ...sip.Header) *sip.Message {
	p.t.Helper()
	m := &sip.Message{Method: "REGISTER", URI: "sip:pbx.invalid"}
	address := "<sip:" + p.user + "@pbx.invalid>"
	m.Add("Via", "SIP/2.0/WS browser.invalid;branch=z9hG4bK"+sip.Token())
	m.Add("Max-Forwards", "70")
	m.Add("From", address+";tag="+p.user)
	m.Add("To", address)
	m.Add("Call-ID", p.user)
	m.Add("CSeq", map[bool]string{true: "2", false: "1"}[len(authorization) > 0]+" REGISTER")
	m.Add("Contact", "<sip:"+p.user+"@browser.invalid;transport=ws>;expires=60")
	m.Headers = append(m.Headers, authorization...)
	do(p.t, p.conn.WriteMessage(websocket.TextMessage, m.Bytes()))
	return p.read()
}

var fingerprint = regexp.MustCompile(`(?m)^a=fingerprint:SHA-256 [0-9A-F:]{95}`)

// A browser's phone registers over the websocket and is offered what WebRTC needs.
func TestBrowserPhone(t *testing.T) {
	s := newStand(t)
	ctx := within(t)
	do(t, s.client.PutPhone(ctx, ari.Phone{ID: "b1", Password: "secret", Browser: true, Language: "ru"}))
	dialer := websocket.Dialer{Subprotocols: []string{"sip"}}
	conn, _, err := dialer.DialContext(ctx, s.config.WebSocketURL(), http.Header{})
	do(t, err)
	defer conn.Close()
	phone := &browserPhone{t: t, conn: conn, user: "b1"}
	challenge := phone.register()
	if challenge.Status != http.StatusUnauthorized {
		t.Fatalf("%d without a password", challenge.Status)
	}
	proof, err := sip.Authorize(challenge, "REGISTER", "sip:pbx.invalid", "b1", "secret")
	do(t, err)
	if accepted := phone.register(proof); accepted.Status != http.StatusOK {
		t.Fatalf("%d %s", accepted.Status, accepted.Reason)
	}
	s.await(t, ari.ContactStatusChange, func(e ari.Event) bool { return e.Endpoint.Resource == "b1" })

	_, err = s.client.Originate(ctx, ari.Originate{ID: "to-b1", Endpoint: "PJSIP/b1", Variables: map[string]string{"PJSIP_HEADER(add,X-CRM-Call)": "7"}})
	do(t, err)
	invite := phone.read()
	offer := string(invite.Body)
	if invite.Method != "INVITE" || invite.Get("X-CRM-Call") != "7" || !strings.Contains(offer, "UDP/TLS/RTP/SAVPF") ||
		!strings.Contains(offer, "PCMU/8000") || strings.Contains(offer, "opus/48000") || !fingerprint.MatchString(offer) || !strings.Contains(offer, "a=ice-ufrag") {
		t.Errorf("%s with the offer\n%s", invite.Method, offer)
	}
	do(t, conn.WriteMessage(websocket.TextMessage, invite.Reply(486, "Busy Here", "x").Bytes()))
	if e := s.await(t, ari.ChannelDestroyed, about("to-b1")); e.Cause != 17 {
		t.Errorf("cause %d", e.Cause)
	}
	conn.Close()
	removed := s.await(t, ari.ContactStatusChange, func(e ari.Event) bool { return e.ContactStatus == "Removed" })
	if removed.Endpoint.Resource != "b1" {
		t.Errorf("%+v", removed)
	}
	s.noneTwice(t)
}
