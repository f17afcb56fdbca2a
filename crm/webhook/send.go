package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// secretMark begins every secret as it is shown.
const secretMark = "whsec_"

func newSecret() []byte {
	secret := make([]byte, 32)
	rand.Read(secret) // never fails
	return secret
}

func shownSecret(secret []byte) string { return secretMark + base64.StdEncoding.EncodeToString(secret) }

// sign returns the header webhook-signature of Standard Webhooks: HMAC-SHA256
// over id, time and body.
func sign(secret []byte, id string, at time.Time, body string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "." + body))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// parcel is a delivery with what it takes to make it.
type parcel struct {
	id, webhook int64
	attempts    int
	url         string
	secret      []byte
	eventID     string
	kind, body  string
}

// outcome is what came of an attempt.
type outcome struct {
	status  int
	took    time.Duration
	answer  string
	problem string
}

// taken reports whether the receiver has the fact.
func (o outcome) taken() bool { return o.status >= 200 && o.status < 300 }

// post makes one attempt.
func (s *Service) post(ctx context.Context, p parcel) (o outcome) {
	begun := time.Now()
	defer func() { o.took = time.Since(begun) }()
	at := s.ports.Now()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, strings.NewReader(p.body))
	if err != nil {
		return outcome{problem: "the address cannot be read"}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Centralita-Webhooks/1")
	r.Header.Set("webhook-id", p.eventID)
	r.Header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	r.Header.Set("webhook-signature", sign(p.secret, p.eventID, at, p.body))
	reply, err := s.client.Do(r)
	if err != nil {
		return outcome{problem: problemOf(err)}
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(io.LimitReader(reply.Body, answerRead))
	if err != nil {
		return outcome{status: reply.StatusCode, answer: beginning(text), problem: problemOf(err)}
	}
	return outcome{status: reply.StatusCode, answer: beginning(text)}
}

// problemOf is an error of the network in words that may be shown: nothing of
// what is inside.
func problemOf(err error) string {
	var slow interface{ Timeout() bool }
	switch {
	case errors.Is(err, errInside):
		return errInside.Error()
	case errors.As(err, &slow) && slow.Timeout():
		return "no answer within ten seconds"
	}
	text := err.Error()
	if at := strings.LastIndex(text, ": "); at >= 0 {
		text = text[at+2:]
	}
	return beginning([]byte(text))
}

// beginning is as much of a foreign text as is kept.
func beginning(text []byte) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(text), "\ufffd"))
	runes := []rune(clean)
	return string(runes[:min(len(runes), answerKept)])
}
