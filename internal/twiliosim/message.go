package twiliosim

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf16"
)

// Message is one SMS that went through, outbound or inbound. Its JSON is the
// outbox's, not the API's.
type Message struct {
	SID       string    `json:"sid"`
	Direction string    `json:"direction"` // outbound-api or inbound
	From      string    `json:"from"`
	To        string    `json:"to"`
	Body      string    `json:"body"`
	Status    string    `json:"status"` // queued, sent, delivered, undelivered, failed or received
	ErrorCode int       `json:"error_code,omitempty"`
	At        time.Time `json:"at"`
	callback  string
}

// sidOf returns the identifier of the n-th message of this run.
func (s *Server) sidOf(n int) string { return fmt.Sprintf("SM%016x%016x", s.epoch, n) }

// resource is the API's JSON of m.
func (s *Server) resource(m Message) map[string]any {
	stamp := m.At.UTC().Format(time.RFC1123Z)
	var sent, code any
	if m.Status != "queued" {
		sent = stamp
	}
	if m.ErrorCode != 0 {
		code = m.ErrorCode
	}
	return map[string]any{
		"account_sid": s.opts.AccountSID, "api_version": "2010-04-01", "body": m.Body,
		"date_created": stamp, "date_sent": sent, "date_updated": stamp, "direction": m.Direction,
		"error_code": code, "error_message": nil, "from": m.From, "messaging_service_sid": nil,
		"num_media": "0", "num_segments": fmt.Sprint(max(1, (len(utf16.Encode([]rune(m.Body)))+152)/153)),
		"price": nil, "price_unit": "USD", "sid": m.SID, "status": m.Status,
		"subresource_uris": map[string]any{"media": s.path(m.SID, "/Media.json")}, "to": m.To,
		"uri": s.path(m.SID, ".json"),
	}
}

func (s *Server) path(sid, rest string) string {
	return "/2010-04-01/Accounts/" + s.opts.AccountSID + "/Messages/" + sid + rest
}

// refusal is what the API answers to a request that it will not take.
type refusal struct {
	status, code int
	message      string
}

// check returns why a request to send cannot be accepted, or nil.
func check(form url.Values) *refusal {
	to, body := form.Get("To"), form.Get("Body")
	switch {
	case to == "":
		return &refusal{400, 21604, "A 'To' phone number is required."}
	case !strings.HasPrefix(to, "+") || to == "+15005550001":
		return &refusal{400, 21211, "The 'To' number " + to + " is not a valid phone number."}
	case to == "+15005550004":
		return &refusal{400, 21610, "Attempt to send to unsubscribed recipient"}
	case form.Get("From") == "" && form.Get("MessagingServiceSid") == "":
		return &refusal{400, 21603, "A 'From' phone number is required."}
	case body == "":
		return &refusal{400, 21602, "Message body is required."}
	case len([]rune(body)) > 1600:
		return &refusal{400, 21617, "The concatenated message body exceeds the 1600 character limit."}
	}
	return nil
}
