// Package sip writes, reads and authenticates SIP messages for test agents. It
// is lenient in what it reads and byte-exact in what it writes: a header value is
// sent as it is given, line ends, NULs and broken UTF-8 included, because hostile
// senders do so. It knows neither sockets nor dialogs.
package sip

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Header is one header line; Value is written byte for byte.
type Header struct{ Name, Value string }

// Message is a request (Method and URI set) or a response (Status set).
type Message struct {
	Method, URI string
	Status      int
	Reason      string // of the status line
	Headers     []Header
	Body        []byte
}

// compact are the short header names of RFC 3261 that are read as the long ones.
var compact = map[string]string{
	"v": "Via", "f": "From", "t": "To", "m": "Contact", "i": "Call-ID", "l": "Content-Length",
	"c": "Content-Type", "s": "Subject", "k": "Supported", "r": "Refer-To",
}

// Parse reads one datagram. Folded lines are joined; a Content-Length shorter
// than the rest cuts the body.
func Parse(datagram []byte) (*Message, error) {
	head, body, _ := bytes.Cut(datagram, []byte("\r\n\r\n"))
	lines := strings.Split(string(head), "\r\n")
	m := &Message{Body: body}
	if err := m.parseStart(lines[0]); err != nil {
		return nil, err
	}
	for _, line := range lines[1:] {
		if line != "" && (line[0] == ' ' || line[0] == '\t') && len(m.Headers) > 0 {
			m.Headers[len(m.Headers)-1].Value += " " + strings.TrimSpace(line)
			continue
		}
		name, value, found := strings.Cut(line, ":")
		if !found {
			return nil, fmt.Errorf("header line without a colon: %.40q", line)
		}
		name = strings.TrimSpace(name)
		if long, short := compact[strings.ToLower(name)]; short {
			name = long
		}
		m.Headers = append(m.Headers, Header{name, strings.TrimSpace(value)})
	}
	if n, err := strconv.Atoi(m.Get("Content-Length")); err == nil && n >= 0 && n < len(m.Body) {
		m.Body = m.Body[:n]
	}
	return m, nil
}

func (m *Message) parseStart(line string) error {
	if rest, response := strings.CutPrefix(line, "SIP/2.0 "); response {
		code, reason, _ := strings.Cut(rest, " ")
		status, err := strconv.Atoi(code)
		if err != nil || status < 100 || status > 699 {
			return fmt.Errorf("status line %.40q", line)
		}
		m.Status, m.Reason = status, reason
		return nil
	}
	method, rest, found := strings.Cut(line, " ")
	uri, isSIP := strings.CutSuffix(rest, " SIP/2.0")
	if !found || !isSIP || method == "" {
		return errors.New("not a SIP message")
	}
	m.Method, m.URI = method, uri
	return nil
}

// Bytes writes the message, adding Content-Length.
func (m *Message) Bytes() []byte {
	var out bytes.Buffer
	if m.Status != 0 {
		fmt.Fprintf(&out, "SIP/2.0 %d %s\r\n", m.Status, m.Reason)
	} else {
		fmt.Fprintf(&out, "%s %s SIP/2.0\r\n", m.Method, m.URI)
	}
	for _, h := range m.Headers {
		if !strings.EqualFold(h.Name, "Content-Length") {
			fmt.Fprintf(&out, "%s: %s\r\n", h.Name, h.Value)
		}
	}
	fmt.Fprintf(&out, "Content-Length: %d\r\n\r\n", len(m.Body))
	out.Write(m.Body)
	return out.Bytes()
}

// Get returns the value of the first header of that name, "" when there is none.
func (m *Message) Get(name string) string {
	for _, h := range m.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// Add appends a header.
func (m *Message) Add(name, value string) { m.Headers = append(m.Headers, Header{name, value}) }

// CSeq returns the number and the method of CSeq, zero values when it is broken.
func (m *Message) CSeq() (number int, method string) {
	digits, method, _ := strings.Cut(m.Get("CSeq"), " ")
	number, err := strconv.Atoi(digits)
	if err != nil {
		return 0, ""
	}
	return number, strings.TrimSpace(method)
}

// Reply makes a response to the request, with the headers that RFC 3261 copies;
// tag is added to To when it has none.
func (m *Message) Reply(status int, reason, tag string) *Message {
	r := &Message{Status: status, Reason: reason}
	for _, h := range m.Headers {
		switch strings.ToLower(h.Name) {
		case "via", "from", "call-id", "cseq", "record-route":
			r.Headers = append(r.Headers, h)
		case "to":
			if Param(h.Value, "tag") == "" && tag != "" && status > 100 {
				h.Value += ";tag=" + tag
			}
			r.Headers = append(r.Headers, h)
		}
	}
	return r
}
