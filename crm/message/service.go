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

	"centralita/crm/client"
	"centralita/crm/lead"
	"centralita/internal/jobs"
	"centralita/internal/postgres"
)

// Live is the line to the browsers; see realtime.Log.
type Live interface {
	Append(ctx context.Context, userID int64, kind string, data any) error
	Signal(ctx context.Context, kind string, data any)
}

// Recorder writes down who did what, in ctx's transaction, and who is about to be
// shown what, before he is.
type Recorder interface {
	Record(ctx context.Context, action, entity string, id int64, before, after any) error
	Look(ctx context.Context, action, entity string, id int64, detail any) error
}

// Clients says who is behind a number, and notes that somebody was in touch.
type Clients interface {
	Identify(ctx context.Context, raw, country string) (client.Identity, error)
	Contacted(ctx context.Context, id int64, e164 string, at time.Time) error
	Number(ctx context.Context, pointID int64) (number string, clientID int64, err error)
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
