package app

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"

	"centralita/callcenter"
	"centralita/callcenter/api"
	"centralita/callcenter/recording"
	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/crm/audit/auditmetrics"
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
	"centralita/crm/queue"
	"centralita/crm/reminder"
	"centralita/crm/segment"
	"centralita/crm/view"
	"centralita/crm/webhook"
	"centralita/internal/postgres"
	"centralita/internal/web"
	"centralita/realtime"
	"centralita/realtime/livemetrics"
	livestore "centralita/realtime/store"
	"centralita/realtime/ws"
)

func causeText(cause int) string { return callcenter.CauseText(cause) }

func callID(id int64) callcenter.ID { return callcenter.ID(id) }

// makeFace makes the server's face to the browsers: routes, sockets, probes.
func (a *App) makeFace(version string, assets fs.FS) error {
	public, err := a.publicURL()
	if err != nil {
		return err
	}
	proxies, err := a.config.Proxies()
	if err != nil {
		return err
	}
	a.web = web.New(web.Options{
		Title: "Centralita", Version: version, Gate: a.people, PublicURL: public, TrustedProxies: proxies,
		MetricsToken: a.config.MetricsToken, Static: assets, Classify: postgres.Classify, Answers: a.answers,
		Logger: a.log,
	})
	a.hub = realtime.NewHub(livestore.New(a.db), a.bus, realtime.Options{
		Message: a.frame, Ended: a.people.EndedSessions, Connected: a.joined, Disconnected: a.left, Logger: a.log,
	})
	a.web.Registry().MustRegister(livemetrics.New(a.hub), auditmetrics.New(a.keeper))
	r := a.web.Router()
	for _, room := range []interface{ Register(*web.Router) }{
		access.NewAPI(a.people, client.Clients, lead.Leads),
		audit.NewAPI(a.audit, a.keeper, a.veil),
		line.NewAPI(a.lines),
		queue.NewAPI(a.queues),
		desk.NewAPI(a.desk),
		importing.NewAPI(a.imports),
		export.NewAPI(a.exports),
		client.NewAPI(a.clients),
		view.NewAPI(a.views),
		segment.NewAPI(a.segments),
		bulk.NewAPI(a.bulk),
		file.NewAPI(a.files),
		field.NewAPI(a.fields),
		lead.NewAPI(a.leads, freeAgents{a}, linker{a.leads, a}),
		merge.NewAPI(a.merges),
		message.NewAPI(a.messages),
		reminder.NewAPI(a.reminders),
		webhook.NewAPI(a.webhooks),
		api.New(a.floor, notedCalls{a.books, a.audit}, a.dialler(), a.who, a.name, a.rights(), a.audit),
		recording.NewAPI(a.books, a.recordings(), a.rights().MayListen, a.heard),
	} {
		room.Register(r)
	}
	api.RegisterHealth(r, a.health)
	r.Raw(web.Op{Method: "GET", Path: "/live", ID: "live", Tag: "live", Summary: "The live socket", Permission: web.SignedIn},
		ws.Handler(a.hub, a.peer, ws.Options{AllowedOrigins: a.origins(), Logger: a.log}))
	target, err := url.Parse(strings.Replace(a.config.Asterisk.SocketURL, "ws", "http", 1))
	if err != nil {
		return err
	}
	r.Raw(web.Op{Method: "GET", Path: "/sip", ID: "sip", Tag: "live", Summary: "The softphone's socket to Asterisk",
		Permission: api.PermUse, Absolute: true}, r.SocketProxy(target))
	a.addChecks()
	return nil
}

func (a *App) dialler() *api.Dialler {
	rooms := directory{a.lines, a.queues, a.clients, a.name}
	return &api.Dialler{Floor: a.floor, Lines: rooms, Guards: a.books, Leads: callBacks{a.leads}, Points: a.clients, Rules: dialRules(a.people, a.lines)}
}

func (a *App) peer(r *http.Request) (realtime.Peer, error) {
	actor := access.ActorFrom(r.Context())
	return realtime.Peer{UserID: actor.UserID, SessionID: actor.SessionID}, nil
}

// frame takes what a browser says on the live socket.
func (a *App) frame(ctx context.Context, from realtime.Peer, kind string, data []byte) {
	if kind != "receipt" {
		return
	}
	if err := api.TakeReceipt(ctx, a.books, from.UserID, data); err != nil {
		a.log.Debug("receipt refused", "user", from.UserID, "error", err)
	}
}

// heard notes that somebody listens to a call, before he does.
func (a *App) heard(ctx context.Context, call int64) error {
	return a.audit.Look(ctx, "recording.play", "call", call, nil)
}

var (
	errNoLink  = errors.New("not linked")
	errNoRedis = errors.New("not connected")
)

func (a *App) addChecks() {
	a.web.AddCheck("database", true, func(ctx context.Context) error { return a.db.Ping(ctx) })
	a.web.AddCheck("asterisk", false, func(context.Context) error {
		if !a.linked.Load() {
			return errNoLink
		}
		return nil
	})
	if a.redis != nil {
		a.web.AddCheck("redis", false, func(context.Context) error {
			if !a.redis.Up() {
				return errNoRedis
			}
			return nil
		})
	}
}

func (a *App) listen(ctx context.Context) error {
	l, err := net.Listen("tcp", a.config.HTTPAddr)
	if err != nil {
		return err
	}
	return a.web.Serve(ctx, l, a.config.ShutdownGrace)
}
