package message

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"centralita/crm/access"
	"centralita/crm/client"
	"centralita/crm/lead"
	"centralita/internal/fault"
	"centralita/internal/jobs"
	"centralita/internal/phone"
	"centralita/internal/postgres"
)

// Live is the line to the browsers; see realtime.Log.
type Live interface {
	Append(ctx context.Context, userID int64, kind string, data any) error
	Signal(ctx context.Context, kind string, data any)
}

// Recorder writes down who did what, in ctx's transaction.
type Recorder interface {
	Record(ctx context.Context, action, entity string, id int64, before, after any) error
}

// Clients says who is behind a number, and notes that somebody was in touch.
type Clients interface {
	Identify(ctx context.Context, raw, country string) (client.Identity, error)
	Contacted(ctx context.Context, id int64, e164 string, at time.Time) error
}

// Leads is the ledger of leads. It files a contact in ctx's transaction, on the
// client's timeline too: one inbound opens or continues a lead, one outbound
// belongs to the open lead, if there is one.
type Leads interface {
	Open(ctx context.Context, c lead.Contact) (lead.Filed, error)
}

// Options configure a Service. Without AccountSID and AuthToken nothing is sent
// and every webhook is refused.
type Options struct {
	AccountSID, AuthToken string
	// From is the sender: a number of the account, or the SID of a messaging
	// service (MG…). Empty: the number of the wish's line, else of the first line.
	From string
	// BaseURL is the API's; empty: https://api.twilio.com.
	BaseURL string
	// WebhookURL is how the provider reaches this product, without /api. Signatures
	// are checked against it whatever host a request names. Empty: no callbacks.
	WebhookURL string
	// OutboxURL is a loopback Twilio's base URL, whose outbox is then shown; or empty.
	OutboxURL string
	// RequestLimit bounds one request to the provider; 0: 10 s, which is the most.
	RequestLimit time.Duration
	// Now is the clock by which wishes expire; nil: time.Now.
	Now func() time.Time
}

// Ports are the other rooms that a Service needs. All are required.
type Ports struct {
	Queue   *jobs.Queue
	Audit   Recorder
	Live    Live
	Leads   Leads
	Clients Clients
}

// Service takes wishes, carries them out and hears what became of them. Safe
// for concurrent use.
type Service struct {
	db       *postgres.DB
	store    *Store
	ports    Ports
	opts     Options
	provider *provider
	hears    bool // callbacks can come
	now      func() time.Time
	log      *slog.Logger
}

// New returns a service on db and registers its jobs with the queue, which must
// not have been started. A base URL that is none is an error.
func New(db *postgres.DB, ports Ports, opts Options) (*Service, error) {
	if opts.BaseURL == "" {
		opts.BaseURL = "https://api.twilio.com"
	}
	if opts.RequestLimit <= 0 || opts.RequestLimit > requestLimit {
		opts.RequestLimit = requestLimit
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	opts.WebhookURL = strings.TrimRight(opts.WebhookURL, "/")
	p, err := newProvider(opts)
	if err != nil {
		return nil, err
	}
	s := &Service{db: db, store: NewStore(db), ports: ports, opts: opts, provider: p, hears: hears(p.base, opts.WebhookURL), now: opts.Now, log: slog.Default()}
	s.registerJobs(ports.Queue)
	return s, nil
}

// Configured reports whether SMS can be sent at all.
func (s *Service) Configured() bool { return s.opts.AccountSID != "" && s.opts.AuthToken != "" }

// Send takes a wish in ctx's transaction, or one of its own: after the commit it
// will be sent, and after a rollback it never was. The result is queued.
//
// Refusals: number_invalid, number_not_allowed (country switched off),
// body_invalid, opted_out, not_after_past, sms_not_configured, sms_cap (60 a
// minute and user), unknown_reference.
func (s *Service) Send(ctx context.Context, w Wish) (m Message, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		m, err = s.take(ctx, w)
		return err
	})
	return m, err
}

// Check tells whether a wish would be taken, with the refusals of Send. A number
// may opt out later, so that Send still decides.
func (s *Service) Check(ctx context.Context, w Wish) error {
	_, _, err := s.prepare(ctx, &w)
	return err
}

// prepare completes a wish and refuses it where it must be.
func (s *Service) prepare(ctx context.Context, w *Wish) (from, to string, err error) {
	if !s.Configured() {
		return "", "", errNotConfigured
	}
	if w.Body = cleanBody(w.Body); !fits(w.Body) {
		return "", "", errBody
	}
	if w.NotAfter.IsZero() {
		w.NotAfter = s.now().Add(defaultValidity)
	}
	if !w.NotAfter.After(s.now()) {
		return "", "", errTooLate
	}
	if to, err = s.recipient(ctx, w); err != nil {
		return "", "", err
	}
	if from, err = s.sender(ctx, w.LineID); err != nil {
		return "", "", err
	}
	return from, to, s.mayTake(ctx, *w, to)
}

// take checks and stores a wish, with its job.
func (s *Service) take(ctx context.Context, w Wish) (m Message, err error) {
	from, to, err := s.prepare(ctx, &w)
	if err != nil {
		return m, err
	}
	id, err := s.store.insert(ctx, w, from, to, w.NotAfter)
	if err != nil {
		return m, err
	}
	if err := s.ports.Queue.Insert(ctx, sendArgs{MessageID: id}, sendOpts); err != nil {
		return m, err
	}
	m, err = s.file(ctx, id, lead.Contact{
		Source: "sms", Direction: "out", LineID: w.LineID, LeadID: w.LeadID, ClientID: w.ClientID, E164: to, Raw: w.To,
		MessageID: id, UserID: w.UserID, At: time.Now(),
	})
	if err != nil {
		return m, err
	}
	if err := s.ports.Audit.Record(ctx, "message.send", "message", id, nil, m); err != nil {
		return m, err
	}
	s.signal(ctx, m)
	return m, nil
}

// file enters a stored message in the ledger and notes where it was filed.
func (s *Service) file(ctx context.Context, id int64, c lead.Contact) (m Message, err error) {
	filed, err := s.ports.Leads.Open(ctx, c)
	if err != nil {
		return m, err
	}
	if err := s.store.fileUnder(ctx, id, filed.LeadID); err != nil {
		return m, err
	}
	if m, err = s.store.get(ctx, id); err != nil || m.ClientID == nil {
		return m, err
	}
	return m, s.ports.Clients.Contacted(ctx, *m.ClientID, c.E164, m.CreatedAt)
}

// recipient returns the E.164 number of the wish's To, and finds the client
// when the wish names none.
func (s *Service) recipient(ctx context.Context, w *Wish) (string, error) {
	f, err := s.store.firm(ctx)
	if err != nil {
		return "", err
	}
	n := phone.Parse(w.To, f.country, f.allowed...)
	if err := phone.DialCheck(n, f.allowed); err != nil {
		if fault.CodeOf(err) == "number_invalid" {
			return "", errNumber
		}
		return "", err
	}
	if w.ClientID == 0 {
		w.ClientID, _, err = s.clientOf(ctx, n.E164, f.country)
	}
	return n.E164, err
}

// clientOf returns the client whom a number names beyond doubt, and who is
// responsible for him; zeros when there is none or several share it.
func (s *Service) clientOf(ctx context.Context, raw, country string) (clientID, responsibleID int64, err error) {
	who, err := s.ports.Clients.Identify(ctx, raw, country)
	if err != nil || len(who.Candidates) == 0 {
		return 0, 0, err
	}
	best := who.Candidates[0]
	if best.Reason == "shared" || best.Score < sureScore {
		return 0, 0, nil
	}
	if best.ResponsibleID != nil {
		responsibleID = *best.ResponsibleID
	}
	return best.ClientID, responsibleID, nil
}

// sureScore is how sure a match by number must be to count as the client.
const sureScore = 60

// sender returns what the message will be sent from.
func (s *Service) sender(ctx context.Context, lineID int64) (string, error) {
	if s.opts.From != "" {
		return s.opts.From, nil
	}
	number, err := s.store.senderOf(ctx, lineID)
	if err == nil && number == "" {
		err = errNotConfigured
	}
	return number, err
}

// maxPerMinute bounds what one user may send.
const maxPerMinute = 60

// mayTake refuses wishes to those who want none, and floods.
func (s *Service) mayTake(ctx context.Context, w Wish, to string) error {
	out, err := s.store.optedOut(ctx, to, w.ClientID)
	if err != nil {
		return err
	}
	if out {
		return errOptedOut
	}
	if w.UserID == 0 || w.ReminderID != 0 {
		return nil
	}
	n, err := s.store.recent(ctx, w.UserID)
	if err == nil && n >= maxPerMinute {
		err = errTooMany
	}
	return err
}

// Resend makes a new wish of a message that failed or whose fate is unknown,
// once, on the word of the actor in ctx.
func (s *Service) Resend(ctx context.Context, id int64) (m Message, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		old, err := s.store.lock(ctx, id)
		if err != nil {
			return err
		}
		switch old.State {
		case Unknown, Failed, Undelivered:
		default:
			return errNotResendable
		}
		m, err = s.Send(ctx, Wish{
			ClientID: value(old.ClientID), LeadID: value(old.LeadID), LineID: value(old.LineID), UserID: access.ActorFrom(ctx).UserID,
			ReminderID: value(old.ReminderID), ResendOf: old.ID, To: old.To, Body: old.Body,
		})
		return err
	})
	return m, err
}

// Cancel takes back a wish that no worker has begun.
func (s *Service) Cancel(ctx context.Context, id int64) (m Message, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if m, err = s.store.lock(ctx, id); err != nil {
			return err
		}
		if m.Direction != "out" || m.State != Queued {
			return errNotWaiting
		}
		before := m
		if m, _, err = s.store.advance(ctx, id, Cancelled, "", "", ""); err != nil {
			return err
		}
		if err := s.ports.Audit.Record(ctx, "message.cancel", "message", id, before, m); err != nil {
			return err
		}
		s.signal(ctx, m)
		return nil
	})
	return m, err
}

// announce tells everybody that m changed, and its sender, or whoever is
// responsible for the client, how.
func (s *Service) announce(ctx context.Context, m Message) error {
	s.signal(ctx, m)
	if m.watcherID == 0 {
		return nil
	}
	return s.ports.Live.Append(ctx, m.watcherID, "message.state", map[string]any{"message": m})
}

// signal has browsers fetch the message anew.
func (s *Service) signal(ctx context.Context, m Message) {
	s.ports.Live.Signal(ctx, "messages.changed", map[string]int64{"id": m.ID})
	if m.ClientID != nil {
		s.ports.Live.Signal(ctx, "timeline.changed", map[string]int64{"client_id": *m.ClientID})
	}
}

// callbackURL is where the carrier reports the message's statuses; "" when it
// could not get there, and would refuse a message that asks for it.
func (s *Service) callbackURL(id int64) string {
	if !s.hears {
		return ""
	}
	return s.opts.WebhookURL + statusPath + "?" + url.Values{"m": {strconv.FormatInt(id, 10)}}.Encode()
}

// hears reports whether the carrier at base can reach webhook.
func hears(base *url.URL, webhook string) bool {
	u, err := url.Parse(webhook)
	return err == nil && u.Host != "" && (onLoopback(base.Hostname()) || !onLoopback(u.Hostname()))
}

func onLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}

func value(id *int64) int64 {
	if id == nil {
		return 0
	}
	return *id
}

// isNotFound reports whether err says that the thing is gone.
func isNotFound(err error) bool { return errors.Is(err, errNotFound) }
