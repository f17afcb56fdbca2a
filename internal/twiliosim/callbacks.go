package twiliosim

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// InboundPath is where, below Options.WebhookURL, inbound SMS are posted.
const InboundPath = "/api/hooks/twilio/inbound"

// report sends m's status callbacks, one after the other, in the background.
func (s *Server) report(m Message) {
	statuses := s.opts.Statuses
	if m.To == "+15005550009" && len(statuses) > 0 {
		statuses = []string{"sent", "undelivered"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(statuses) == 0 {
		return
	}
	s.going.Go(func() {
		for _, status := range statuses {
			if !s.pause() {
				return
			}
			if _, err := s.Status(context.Background(), m.SID, status); err != nil {
				slog.Debug("loopback twilio: status callback", "sid", m.SID, "error", err)
			}
		}
	})
}

// pause waits for the pace; false when the server closes.
func (s *Server) pause() bool {
	t := time.NewTimer(s.opts.Pace)
	defer t.Stop()
	select {
	case <-s.done:
		return false
	case <-t.C:
		return true
	}
}

// Status gives a message a new status and posts the signed callback once. It
// returns the HTTP status of the answer; 0 when the message named no callback.
func (s *Server) Status(ctx context.Context, sid, status string) (int, error) {
	m, ok := s.setStatus(sid, status)
	if !ok {
		return 0, fmt.Errorf("twiliosim: no message %q", sid)
	}
	if m.callback == "" {
		return 0, nil
	}
	return s.Post(ctx, m.callback, s.StatusForm(m, status))
}

// Mute gives a message a new status of which no callback tells; false when there
// is no such message.
func (s *Server) Mute(sid, status string) bool {
	_, ok := s.setStatus(sid, status)
	return ok
}

func (s *Server) setStatus(sid, status string) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.sent {
		if m := &s.sent[i]; m.SID == sid {
			m.Status = status
			if status == "undelivered" || status == "failed" {
				m.ErrorCode = 30003
			}
			return *m, true
		}
	}
	return Message{}, false
}

// StatusForm returns the parameters of a status callback for m.
func (s *Server) StatusForm(m Message, status string) url.Values {
	form := url.Values{
		"AccountSid": {s.opts.AccountSID}, "ApiVersion": {"2010-04-01"}, "From": {m.From}, "To": {m.To},
		"MessageSid": {m.SID}, "SmsSid": {m.SID}, "MessageStatus": {status}, "SmsStatus": {status},
	}
	if status == "undelivered" || status == "failed" {
		form.Set("ErrorCode", "30003")
	}
	return form
}

// Arrive records an SMS from a phone of which no webhook tells, as when the
// product was down.
func (s *Server) Arrive(from, to, body string) Message {
	return s.record(Message{Direction: "inbound", From: from, To: to, Body: body, Status: "received"})
}

// Inbound records an SMS from a phone and posts it, signed, to the product's
// inbound hook. An answer other than 2xx is an error.
func (s *Server) Inbound(ctx context.Context, from, to, body string) (Message, error) {
	m := s.Arrive(from, to, body)
	if s.opts.WebhookURL == "" {
		return m, nil
	}
	code, err := s.Post(ctx, strings.TrimRight(s.opts.WebhookURL, "/")+InboundPath, s.InboundForm(m, 0))
	if err == nil && code/100 != 2 {
		err = fmt.Errorf("twiliosim: the inbound hook answered %d", code)
	}
	return m, err
}

// InboundForm returns the parameters with which m is posted as an inbound SMS
// with so many pictures attached.
func (s *Server) InboundForm(m Message, media int) url.Values {
	form := url.Values{
		"AccountSid": {s.opts.AccountSID}, "ApiVersion": {"2010-04-01"}, "From": {m.From}, "To": {m.To},
		"MessageSid": {m.SID}, "SmsSid": {m.SID}, "SmsMessageSid": {m.SID}, "SmsStatus": {"received"},
		"Body": {m.Body}, "NumMedia": {strconv.Itoa(media)}, "NumSegments": {"1"},
	}
	for i := range media {
		form.Set("MediaUrl"+strconv.Itoa(i), "http://169.254.169.254/latest/meta-data/"+strconv.Itoa(i))
		form.Set("MediaContentType"+strconv.Itoa(i), "image/png")
	}
	return form
}

// Post sends a signed webhook request and returns the answer's HTTP status.
func (s *Server) Post(ctx context.Context, target string, form url.Values) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, fmt.Errorf("twiliosim: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	req.Header.Set("User-Agent", "TwilioProxy/1.1")
	req.Header.Set(SignatureHeader, Sign(s.opts.AuthToken, target, form))
	res, err := s.hooks.Do(req)
	if err != nil {
		return 0, fmt.Errorf("twiliosim: %w", err)
	}
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20)); err != nil {
		slog.Debug("loopback twilio: answer of a hook", "error", err)
	}
	return res.StatusCode, res.Body.Close()
}
