package message

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"
	twilio "github.com/twilio/twilio-go/rest/api/v2010"
)

// requestLimit bounds one request to the carrier, the reading of its answer included.
const requestLimit = 10 * time.Second

// maxAnswer bounds an answer of the carrier, in bytes.
const maxAnswer = 1 << 20

// provider speaks to Twilio, or to what BaseURL says stands in for it. Each
// request has a connection of its own: one that failed before it had any is
// known not to have arrived.
type provider struct {
	account, token, from string
	base                 *url.URL
	transport            *http.Transport
	limit                time.Duration
}

func newProvider(o Options) (*provider, error) {
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Host == "" {
		return nil, errors.New("message: the provider's base URL is not a URL")
	}
	return &provider{
		account: o.AccountSID, token: o.AuthToken, from: o.From, base: base, limit: o.RequestLimit,
		transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, TLSHandshakeTimeout: 5 * time.Second,
			ResponseHeaderTimeout: o.RequestLimit, MaxResponseHeaderBytes: 64 << 10,
		},
	}, nil
}

// api returns the client for a single request, watched by p.
func (c *provider) api(p *probe) *twilio.ApiService {
	refuse := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	base := &client.Client{
		Credentials: client.NewCredentials(c.account, c.token),
		HTTPClient:  &http.Client{Transport: p, CheckRedirect: refuse},
	}
	base.SetAccountSid(c.account)
	return twilio.NewApiServiceWithClient(base)
}

// fate is what became of a request to send.
type fate int

const (
	fateAmbiguous fate = iota // it may or may not have been accepted
	fateAccepted              // the carrier has it, by the id sid
	fateRefused               // the carrier said no: it will never be sent
	fateNotSent               // certainly not accepted, worth another try
)

// answer is a fate with what is known of it. Status is the carrier's word.
type answer struct {
	fate              fate
	sid, status       string
	code, explanation string
	after             time.Duration // for fateNotSent: the carrier's wish, or 0
}

// send asks the carrier to send m, once, and tells what became of that. The
// end of ctx does not cut a request that is on its way; its own limit does.
func (c *provider) send(ctx context.Context, m Message, callback string, now time.Time) answer {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.limit)
	defer cancel()
	p := &probe{ctx: ctx, provider: c}
	params := (&twilio.CreateMessageParams{}).SetTo(m.To).SetBody(m.Body)
	if strings.HasPrefix(m.From, "MG") {
		params.SetMessagingServiceSid(m.From)
	} else {
		params.SetFrom(m.From)
	}
	if callback != "" {
		params.SetStatusCallback(callback)
	}
	if m.notAfter != nil {
		params.SetValidityPeriod(int(min(max(m.notAfter.Sub(now)/time.Second, 5), 36000)))
	}
	made, err := c.api(p).CreateMessage(params)
	if err == nil && made.Sid != nil && *made.Sid != "" {
		return answer{fate: fateAccepted, sid: *made.Sid, status: text(made.Status)}
	}
	return p.judge(err)
}

// judge tells the fate of a request that brought no usable answer.
func (p *probe) judge(err error) answer {
	var api *client.TwilioRestError
	if errors.As(err, &api) && p.status >= 400 && p.status < 500 && p.status != http.StatusRequestTimeout && p.status != http.StatusTooManyRequests {
		return answer{fate: fateRefused, code: strconv.Itoa(api.Code), explanation: cut(api.Message)}
	}
	switch {
	case !p.connected:
		return answer{fate: fateNotSent, code: "unreachable", explanation: "The SMS provider cannot be reached."}
	case p.status == http.StatusTooManyRequests || p.status == http.StatusServiceUnavailable:
		return answer{fate: fateNotSent, code: strconv.Itoa(p.status), explanation: "The SMS provider is busy.", after: p.after}
	case p.status >= 400 && p.status < 500 && p.status != http.StatusRequestTimeout:
		return answer{fate: fateRefused, code: strconv.Itoa(p.status), explanation: "The SMS provider refused the request."}
	}
	return answer{fate: fateAmbiguous}
}

// listed is a message as the carrier's list shows it.
type listed struct {
	sid, status, body, direction, code, from, to string
	media                                        int
	created                                      time.Time
}

// listPage is how many messages of the carrier's list are looked at.
const listPage = 100

// list returns the carrier's newest messages from and to these numbers; an
// empty one is any.
func (c *provider) list(ctx context.Context, from, to string) ([]listed, error) {
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	params := (&twilio.ListMessageParams{}).SetPageSize(listPage)
	if to != "" && !strings.HasPrefix(to, "MG") {
		params.SetTo(to)
	}
	if from != "" && !strings.HasPrefix(from, "MG") {
		params.SetFrom(from)
	}
	page, err := c.api(&probe{ctx: ctx, provider: c}).PageMessage(params, "", "")
	if err != nil {
		return nil, err
	}
	found := make([]listed, 0, len(page.Messages))
	for _, m := range page.Messages {
		found = append(found, read(m))
	}
	return found, nil
}

// fetch returns what the carrier knows of one message.
func (c *provider) fetch(ctx context.Context, sid string) (listed, error) {
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	m, err := c.api(&probe{ctx: ctx, provider: c}).FetchMessage(sid, &twilio.FetchMessageParams{})
	if err != nil {
		return listed{}, err
	}
	return read(*m), nil
}

func read(m twilio.ApiV2010Message) listed {
	l := listed{
		sid: text(m.Sid), status: text(m.Status), body: text(m.Body), direction: text(m.Direction), from: text(m.From), to: text(m.To),
	}
	if n, err := strconv.Atoi(text(m.NumMedia)); err == nil {
		l.media = min(max(n, 0), maxMedia)
	}
	if m.ErrorCode != nil {
		l.code = strconv.Itoa(*m.ErrorCode)
	}
	if at, err := time.Parse(time.RFC1123Z, text(m.DateCreated)); err == nil {
		l.created = at
	}
	return l
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// cut bounds a foreign explanation.
func cut(s string) string {
	r := []rune(cleanBody(s))
	return string(r[:min(len(r), 300)])
}
