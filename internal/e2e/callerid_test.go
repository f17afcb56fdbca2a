package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"centralita/internal/e2e"
	"centralita/internal/siptest"
	"centralita/internal/siptest/sip"
)

// callerCase is a caller and what the books must say of him. Empty wants are not compared.
type callerCase struct {
	name     string
	invite   siptest.Invite
	e164     string
	caller   string // display name, whole
	withheld bool   // belongs to no client and no number
	known    bool   // is the client that the test has made
}

// callerCases are the rows of what networks and attackers send as a caller; number is a client's, +34699….
func callerCases(number string) []callerCase {
	national := strings.TrimPrefix(number, "+34")
	raw := func(from string) siptest.Invite { return siptest.Invite{RawFrom: from} }
	long := strings.Repeat("Long ", 200)
	return []callerCase{
		{name: "international", invite: siptest.Invite{From: number, Name: "Ivan"}, e164: number, caller: "Ivan", known: true},
		{name: "national", invite: siptest.Invite{From: national}, e164: number, known: true},
		{name: "00 prefix", invite: siptest.Invite{From: "0034" + national}, e164: number, known: true},
		{name: "without plus", invite: siptest.Invite{From: "34" + national}, e164: number, known: true},
		{name: "russian trunk prefix is not ours", invite: siptest.Invite{From: "+79161234567"}, e164: "+79161234567"},
		{name: "anonymous", invite: raw(`"Anonymous" <sip:anonymous@anonymous.invalid>`), withheld: true},
		{name: "anonymous again", invite: raw(`"Anonymous" <sip:anonymous@anonymous.invalid>`), withheld: true},
		{name: "restricted", invite: siptest.Invite{From: "Restricted"}, withheld: true},
		{name: "alphabetic", invite: siptest.Invite{From: "alice.smith"}, withheld: true},
		{name: "separators and extension", invite: raw(fmt.Sprintf(`<sip:%s-%s-%s;ext=12@h>`, number[:6], number[6:9], number[9:])), e164: number, known: true},
		{name: "SQL in the name", invite: siptest.Invite{From: number, Name: "Robert'); DROP TABLE calls;--"}, caller: "Robert'); DROP TABLE calls;--", e164: number, known: true},
		{name: "HTML in the name", invite: siptest.Invite{From: number, Name: "<img src=x onerror=alert(1)>"}, caller: "<img src=x onerror=alert(1)>", e164: number, known: true},
		{name: "HTML in the number", invite: raw(`<sip:%3Cscript%3Ealert(1)%3C/script%3E@h>`), withheld: true},
		{name: "dial string in the number", invite: raw(`<sip:100&PJSIP/trunk/0019005551212@h>`), withheld: true},
		{name: "shell in name and number", invite: raw("\"$(id);`id`\" <sip:1%3Bid@h>"), withheld: true},
		{name: "CR LF in the number", invite: raw(`"a" <sip:1%0d%0aEvil:%20x@h>`), withheld: true},
		{name: "cyrillic name", invite: siptest.Invite{From: number, Name: "Иван Петров"}, caller: "Иван Петров", e164: number, known: true},
		{name: "cp1251 name", invite: raw("\"\xc8\xe2\xe0\xed\" <sip:" + number + "@h>"), e164: number, known: true},
		{name: "emoji name", invite: siptest.Invite{From: number, Name: "😀 Ana"}, caller: "😀 Ana", e164: number, known: true},
		{name: "NUL in the name", invite: raw("\"a\x00b\" <sip:" + number + "@h>")},
		{name: "1 KB name", invite: siptest.Invite{From: number, Name: long}, e164: number, known: true},
		{name: "no SDP", invite: siptest.Invite{From: number, NoSDP: true}, e164: number, known: true},
		{name: "a user's own account", invite: siptest.Invite{From: "a0123456789abcdef"}, withheld: true},
		{name: "shortest", invite: siptest.Invite{From: "1"}, withheld: true},
		{name: "P-Asserted-Identity of another", invite: siptest.Invite{From: number, Headers: []sip.Header{{Name: "P-Asserted-Identity", Value: "<sip:+34600000001@h>"}}}},
	}
}

// callerIDs: whoever calls, and whatever the network says of him, becomes exactly one call and one lead, stored as
// text; those who say nothing are never matched with one another.
func callerIDs(t *testing.T, p *e2e.Product) {
	line := p.OpenLine(nil, nil)
	number := e2e.NewNumber()
	client := p.Client(number, 0)
	seen := map[int64]string{} // leads of withheld callers
	var last int64
	for _, c := range callerCases(number) {
		c.invite.To = line.Number
		call := oneCall(t, p, c, line.ID, &last)
		if !call.isSane(t, c) {
			continue
		}
		lead := e2e.Get[e2e.Lead](p.As("admin"), fmt.Sprintf("/leads/%d", call.LeadID))
		if lead.State != "open" {
			t.Errorf("%s: lead %+v", c.name, lead)
		}
		switch {
		case c.withheld:
			if other, matched := seen[call.LeadID]; matched {
				t.Errorf("%s was matched with %s", c.name, other)
			}
			seen[call.LeadID] = c.name
			if a := p.As("admin").Ask("POST", fmt.Sprintf("/leads/%d/call-back", lead.ID), nil); a.Status != http.StatusUnprocessableEntity && a.Status != http.StatusConflict {
				t.Errorf("%s: called back: %s", c.name, a)
			}
		case c.known && (call.ClientID != client.ID || lead.ClientID != client.ID):
			t.Errorf("%s: client %d of the call and %d of the lead, want %d: %+v", c.name, call.ClientID, lead.ClientID, client.ID, call)
		}
	}
	for _, line := range strings.Split(p.Log("server"), "\n") {
		if strings.HasPrefix(line, "Evil:") {
			t.Errorf("a caller has written a line of the log: %q", line)
		}
	}
	twoLinesAtOnce(t, p, line, number, client, last)
}

type booked struct{ e2e.Call }

// oneCall places the call and waits for the one row that it becomes.
func oneCall(t *testing.T, p *e2e.Product, c callerCase, line int64, last *int64) booked {
	t.Helper()
	caller := p.Invite(c.invite)
	if err := caller.WaitRinging(p.Within(20 * time.Second)); err != nil {
		t.Errorf("%s: %v\n%s", c.name, err, caller.Trace())
	}
	p.Must(caller.Hangup(p.Within(10 * time.Second)))
	var rows []int64
	e2e.Eventually(t, 30*time.Second, c.name+" is one call with a lead", func() error {
		rows = e2e.Query[int64](p, `select c.id from calls c join leads l on l.id = c.lead_id where c.line_id = $1 and c.id > $2 and c.outcome <> ''`, line, *last)
		if len(rows) != 1 {
			return fmt.Errorf("%d rows\n%s", len(rows), caller.Trace())
		}
		return nil
	})
	*last = rows[0]
	a := p.As("admin").Ask("GET", fmt.Sprintf("/calls/%d", rows[0]), nil)
	if a.Status != http.StatusOK || !utf8.Valid(a.Body) || bytes.ContainsRune(a.Body, 0) {
		t.Fatalf("%s: %s", c.name, a)
	}
	return booked{e2e.Get[e2e.Call](p.As("admin"), fmt.Sprintf("/calls/%d", rows[0]))}
}

// isSane compares the row with what is wanted; false when the rest would only repeat the failure.
func (b booked) isSane(t *testing.T, c callerCase) bool {
	t.Helper()
	before := t.Failed()
	if c.e164 != "" && b.Number.E164 != c.e164 {
		t.Errorf("%s: %q is read as %q, want %q", c.name, b.Number.Raw, b.Number.E164, c.e164)
	}
	if c.caller != "" && b.CallerName != c.caller {
		t.Errorf("%s: name %q, want %q", c.name, b.CallerName, c.caller)
	}
	if c.withheld && (b.ClientID != 0 || len(b.Candidates) != 0 || b.Number.E164 != "" || b.Number.Dialable) {
		t.Errorf("%s: known as %+v", c.name, b)
	}
	if strings.ContainsAny(b.Number.Raw+b.CallerName, "\r\n\x00") {
		t.Errorf("%s: %q %q is more than a line", c.name, b.Number.Raw, b.CallerName)
	}
	return before || !t.Failed()
}

// twoLinesAtOnce: one number on two lines at the same time is two calls of one client.
func twoLinesAtOnce(t *testing.T, p *e2e.Product, first e2e.Line, number string, client e2e.Client, last int64) {
	t.Helper()
	second := p.OpenLine(nil, nil)
	for _, c := range []*siptest.Call{p.Call(first, number), p.Call(second, number)} {
		p.Must(c.WaitAnswered(p.Within(20 * time.Second)))
		p.Must(c.Hangup(p.Within(10 * time.Second)))
	}
	e2e.Eventually(t, 30*time.Second, "two calls of one client with two leads", func() error {
		type row struct{ Calls, Clients, Leads int }
		got := e2e.Query[row](p, `select count(*)::int, count(distinct client_id)::int, count(distinct lead_id)::int
			from calls where client_id = $1 and id > $2`, client.ID, last)
		if got[0] != (row{2, 1, 2}) {
			return fmt.Errorf("%+v", got)
		}
		return nil
	})
}
