package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"centralita/asterisk/ari"
	"centralita/callcenter/api"
	"centralita/callcenter/floor"
	"centralita/callcenter/pbx"
	"centralita/callcenter/recording"
	"centralita/callcenter/store"
	"centralita/callcenter/witness"
	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/bulk"
	"centralita/crm/client"
	"centralita/crm/desk"
	"centralita/crm/exchange/export"
	"centralita/crm/exchange/importing"
	"centralita/crm/field"
	"centralita/crm/file"
	"centralita/crm/lead"
	"centralita/crm/line"
	"centralita/crm/merge"
	"centralita/crm/message"
	"centralita/crm/once"
	"centralita/crm/queue"
	"centralita/crm/reminder"
	"centralita/crm/segment"
	"centralita/crm/view"
	"centralita/crm/webhook"
	"centralita/internal/config"
	"centralita/internal/jobs"
	"centralita/internal/postgres"
	"centralita/internal/web"
	"centralita/realtime"
	"centralita/realtime/redisbus"
	livestore "centralita/realtime/store"
)

// trunk is the PJSIP endpoint that calls leave by; the configuration of package asterisk makes it.
const trunk = "trunk"

// App is one server.
type App struct {
	config config.Config
	log    *slog.Logger
	now    func() time.Time

	db    *postgres.DB
	queue *jobs.Queue
	bus   realtime.Bus
	redis *redisbus.Bus // nil without Redis
	live  *realtime.Log
	hub   *realtime.Hub
	tabs  sync.Map // browsers open here, by user
	web   *web.Server

	audit     *audit.Log
	keeper    *audit.Keeper
	answers   *once.Keeper
	webhooks  *webhook.Service
	people    *access.Service
	lines     *line.Service
	queues    *queue.Service
	desk      *desk.Service
	clients   *client.Service
	files     *file.Service
	fields    *field.Service
	leads     *lead.Ledger
	merges    *merge.Service
	messages  *message.Service
	reminders *reminder.Service
	imports   *importing.Service
	exports   *export.Service
	views     *view.Service
	segments  *segment.Service
	bulk      *bulk.Service

	books   *store.Books
	peers   *store.Peers
	ari     *ari.Client
	floor   *floor.Floor
	link    *pbx.Link
	phones  *phones
	witness *witness.Witness
	linked  atomic.Bool
	changed atomic.Pointer[time.Time] // when linked last changed
}

// New opens the database, brings it up to date and joins the rooms. assets is the built web app.
func New(ctx context.Context, c config.Config, version string, assets fs.FS) (*App, error) {
	a := &App{config: c, log: c.Log.Logger(), now: now}
	slog.SetDefault(a.log)
	if err := postgres.Migrate(ctx, c.Database.URL); err != nil {
		return nil, err
	}
	var err error
	if a.db, err = postgres.Open(ctx, c.Database.URL); err != nil {
		return nil, err
	}
	if err := a.make(ctx, version, assets); err != nil {
		a.db.Close()
		return nil, err
	}
	return a, nil
}

func (a *App) make(ctx context.Context, version string, assets fs.FS) error {
	if err := a.makeLive(ctx); err != nil {
		return err
	}
	if err := a.makeRooms(); err != nil {
		return err
	}
	if err := a.makeCallRoom(); err != nil {
		return err
	}
	a.scheduleUpkeep()
	return a.makeFace(version, assets)
}

// now is the clock of the server, in the resolution that the database keeps.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func (a *App) makeLive(ctx context.Context) (err error) {
	if a.queue, err = jobs.New(a.db, a.log); err != nil {
		return err
	}
	a.bus = realtime.NewLocalBus()
	if a.config.Redis.URL != "" {
		channel, err := a.channel(ctx)
		if err != nil {
			return err
		}
		if a.redis, err = redisbus.Open(a.config.Redis.URL, channel); err != nil {
			return err
		}
		a.bus = a.redis
	}
	a.live = realtime.NewLog(livestore.New(a.db), a.bus)
	return nil
}

func (a *App) makeRooms() (err error) {
	a.makeAudit()
	a.answers = once.New(a.db)
	a.webhooks = webhook.New(a.db, webhook.Ports{Queue: a.queue, Audit: a.audit, Now: a.now, Local: a.config.WebhooksLocal})
	if a.people, err = access.New(a.db, a.audit, a.live, access.Options{Now: a.now}); err != nil {
		return err
	}
	a.queues = queue.New(a.db, a.audit, a.live)
	a.desk = desk.New(a.db, a.audit, a.live)
	a.lines = line.New(a.db, a.audit, a.live)
	a.lines.LeadTo(a.queues)
	a.leads = lead.NewLedger(a.db, a.audit, a.live)
	a.followFacts()
	a.clients = client.New(a.db, client.Ports{
		Lines: a.lines, Leads: linker{a.leads, a}, Audit: a.audit, Live: a.live, CauseText: causeText,
	})
	a.files = file.New(a.db, file.Ports{
		Clients: a.clients, Audit: a.audit, Live: a.live, Blob: file.NewDisk(filepath.Join(a.config.Files.Dir, "uploads")),
	}, file.Limits{File: a.config.Files.MaxMB << 20, Firm: a.config.Files.MaxTotalGB << 30})
	a.fields = field.New(a.db, field.Ports{Clients: a.clients, Audit: a.audit, Live: a.live, Queue: a.queue, Fold: client.Fold})
	a.fields.Work(a.queue)
	a.clients.Extend(a.fields.Conditions)
	a.clients.ExtendSearch(a.fields.Searchable)
	a.merges = merge.New(a.db, merge.Ports{
		Clients: a.clients, Leads: a.leads, Fields: a.fields, Queue: a.queue, Audit: a.audit, Live: a.live,
	})
	told := discreetLive{a.live, a.people, a.db}
	a.exports = export.New(a.db, export.Ports{
		Queue: a.queue, Base: a.clients, People: a.people, Audit: a.audit, Live: a.live, Now: a.now,
	})
	tw := a.config.Twilio
	a.messages, err = message.New(a.db, message.Ports{
		Queue: a.queue, Audit: a.audit, Live: told, Leads: inbox{a.leads, a.exports, a.webhooks}, Clients: a.clients,
	}, message.Options{
		AccountSID: tw.AccountSID, AuthToken: tw.AuthToken, From: tw.From, BaseURL: tw.BaseURL,
		WebhookURL: a.webhookURL(), OutboxURL: tw.OutboxURL, Now: a.now,
	})
	if err != nil {
		return err
	}
	a.reminders = reminder.New(a.db, reminder.Ports{
		Queue: a.queue, Messages: a.messages, Audit: a.audit, Live: told, Now: a.now,
	})
	a.imports = importing.New(a.db, importing.Ports{
		Queue: a.queue, Base: a.clients, Countries: a.clients, People: a.people, Audit: a.audit, Live: a.live, Now: a.now,
	})
	a.views = view.New(a.db, view.Ports{Base: a.clients, Audit: a.audit, Live: a.live})
	a.segments = segment.New(a.db, segment.Ports{Base: a.clients, People: a.people, Audit: a.audit, Live: a.live, Queue: a.queue})
	a.bulk = bulk.New(a.db, bulk.Ports{
		Queue: a.queue, Base: a.clients, Marks: a.clients, Values: a.fields, People: a.people, Audit: a.audit, Live: a.live,
	})
	return nil
}

func (a *App) webhookURL() string {
	if u := a.config.Twilio.WebhookURL; u != "" {
		return u
	}
	if u := a.config.PublicURL; u != "" {
		return u
	}
	return "http://" + a.config.HTTPAddr
}

func (a *App) makeCallRoom() (err error) {
	c := a.config.Asterisk
	a.ari, err = ari.New(ari.Config{
		URL: c.ARIURL, Username: c.ARIUser, Password: c.ARIPassword, App: "crm-" + a.config.Instance, Log: a.log,
	})
	if err != nil {
		return err
	}
	a.books = store.New(a.db, a.config.Instance)
	a.peers = store.NewPeers(a.books)
	book := ledger{a.leads, a.clients, a.exports, a.now}
	rooms := directory{a.lines, a.queues, a.clients, a.name}
	sw := pbx.NewSwitch(a.ari, trunk)
	a.floor = floor.New(floor.Config{
		Instance: a.config.Instance, Switch: discreet{sw, a.people}, Directory: rooms, Books: a.books, Archive: a.books, Ledger: book,
		Scribes: []floor.Scribe{
			store.NewScribe(a.books, a.now), book, recording.NewScribe(a.queue, a.now), doors{a.rights(), a.now}, ended{a.webhooks},
			api.NewNews(a.live, a.name, a.rights()),
		},
		Roster: a.books, Peers: a.peers, Presence: a.presence, Now: a.now, Log: a.log,
	})
	a.link = pbx.NewLink(sw, linkedFloor{a.floor, a}, a.log, a.linkChanged)
	a.phones = newPhones(a.people, a.ari, a.floor, a.log)
	a.people.OnPhonesChange(a.phones.nudge)
	a.queues.OnChange(a.staffChanged)
	a.witness = witness.New(c.CELFile, a.books, a.books, a.floor, a.log)
	processor := &recording.Processor{
		Store: a.books, Monitor: c.RecordingDir, Archive: a.recordings(), Finished: a.recorded, Now: a.now, Log: a.log,
	}
	jobs.Handle(a.queue, func(ctx context.Context, job *jobs.Job[recording.Args]) error {
		return processor.Work(ctx, job.Args.CallID, job.Attempt)
	})
	return nil
}

func (a *App) rights() callRoom { return callRoom{a.db, a.people} }

func (a *App) recordings() string { return filepath.Join(a.config.Files.Dir, "recordings") }

// linkedFloor is the floor as the link sees it: before it agrees with Asterisk, it hears what Asterisk wrote down
// meanwhile, so that calls that are over end at their own time.
type linkedFloor struct {
	*floor.Floor
	app *App
}

// Resync catches up with the evidence first.
func (f linkedFloor) Resync(ctx context.Context, snapshot floor.Snapshot) error {
	f.app.phones.forget()
	if err := f.app.witness.CatchUp(ctx); err != nil {
		return err
	}
	return f.Floor.Resync(ctx, snapshot)
}

func (a *App) linkChanged(up bool) {
	at := a.now()
	a.linked.Store(up)
	a.changed.Store(&at)
	a.live.Signal(context.Background(), "health.changed", nil)
}

// staffChanged lets the floor know of a queue's new people before anybody is told that they were stored.
func (a *App) staffChanged() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	a.attempt(ctx, "agents not read", a.floor.RefreshAgents)
}

func (a *App) presence(user int64) {
	a.live.Signal(context.Background(), api.SignalPresence, map[string]int64{"user_id": user})
}

func (a *App) recorded(ctx context.Context, call int64) {
	stored, err := a.books.Call(ctx, callID(call))
	if err == nil && stored.ClientID != 0 {
		a.live.Signal(ctx, api.SignalTimeline, map[string]int64{"client_id": stored.ClientID})
	}
}

// name gives the name of a user with a phone.
func (a *App) name(user int64) string {
	for _, agent := range a.floor.Agents() {
		if agent.UserID == user {
			return agent.Name
		}
	}
	return ""
}

func (a *App) who(ctx context.Context) int64 { return access.ActorFrom(ctx).UserID }

// Run serves on the configured address until ctx ends or the server must not go on.
func (a *App) Run(ctx context.Context) error {
	defer a.db.Close()
	asked := ctx
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if err := a.queue.Start(ctx); err != nil {
		return err
	}
	var background sync.WaitGroup
	for _, run := range []func(context.Context){a.hub.Run, a.keeper.Run, a.people.Run, a.phones.run, a.witness.Run, a.beat, a.keepLeases, a.answerPeers} {
		background.Go(func() { run(ctx) })
	}
	background.Go(func() {
		err := a.link.Run(ctx)
		if ctx.Err() == nil {
			stop(fmt.Errorf("link to Asterisk: %w", err))
		}
	})
	err := a.listen(ctx)
	if err == nil && asked.Err() == nil { // nobody asked us to stop: something else ended ctx
		err = context.Cause(ctx)
	}
	stop(nil)
	background.Wait()
	a.floor.Close()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err = errors.Join(err, a.books.Leave(last), a.queue.Stop(last), a.audit.Flush(last))
	if a.redis != nil {
		err = errors.Join(err, a.redis.Close())
	}
	return err
}

// beat says that this server lives, and takes over the calls of servers that do not. What other servers have changed
// of lines and agents is known here within seconds.
func (a *App) beat(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if err := a.books.Beat(ctx); err == nil && a.linked.Load() {
			a.attempt(ctx, "agents not read", a.floor.RefreshAgents)
			a.attempt(ctx, "lines not read", func(ctx context.Context) error {
				_, err := a.lines.Lines(ctx)
				return err
			})
			a.attempt(ctx, "calls not taken over", func(ctx context.Context) error {
				return a.floor.TakeOver(ctx, a.link.Snapshot)
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// answerPeers carries out what users of other servers want of the calls of this one.
func (a *App) answerPeers(ctx context.Context) { a.peers.Serve(ctx, a.floor) }

func (a *App) attempt(ctx context.Context, complaint string, do func(context.Context) error) {
	if err := do(ctx); err != nil && ctx.Err() == nil {
		a.log.Warn(complaint, "error", err)
	}
}

// publicURL is the address in the browser, or nil when any will do.
func (a *App) publicURL() (*url.URL, error) {
	if a.config.PublicURL == "" {
		return nil, nil
	}
	return url.Parse(a.config.PublicURL)
}

// origins may open the live socket besides the host a request names.
func (a *App) origins() []string {
	if u, err := a.publicURL(); err == nil && u != nil {
		return []string{u.Scheme + "://" + u.Host}
	}
	return nil
}

// OpenAPI returns the document of the routes of a server that is not running, and has no parts to run on.
func OpenAPI(ctx context.Context, version string) ([]byte, error) {
	c, err := config.Load([]string{"DATABASE_URL=postgres://127.0.0.1/centralita", "CENTRALITA_ARI_PASSWORD=none"})
	if err != nil {
		return nil, err
	}
	a := &App{config: c, log: slog.New(slog.DiscardHandler), now: now}
	if a.db, err = postgres.Prepare(ctx, c.Database.URL); err != nil {
		return nil, err
	}
	defer a.db.Close()
	if err := a.make(ctx, version, nil); err != nil {
		return nil, err
	}
	return a.web.Router().OpenAPI()
}

// Handler is the server's HTTP handler, for tests.
func (a *App) Handler() http.Handler { return a.web.Handler() }
