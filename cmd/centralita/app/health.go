package app

import (
	"context"

	"centralita/callcenter/api"
	"centralita/crm/lead"
)

// health gathers how every part of the system is.
func (a *App) health(ctx context.Context) api.Health {
	h := api.Health{Components: []api.Component{a.databaseHealth(ctx), a.linkHealth(), a.redisHealth(), a.smsHealth()}}
	if stats, err := a.books.PopStats(ctx); err == nil {
		h.Pop = stats
	}
	if s, err := a.ari.Snapshot(ctx); err == nil {
		h.Asterisk = api.SwitchHealth{
			Version: s.Info.Version, StartedAt: &s.Info.Started, Channels: len(s.Channels), Bridges: len(s.Bridges),
		}
	}
	h.Asterisk.Endpoints = []api.RegisteredPhone{}
	for _, agent := range a.floor.Agents() {
		h.Asterisk.Endpoints = append(h.Asterisk.Endpoints,
			api.RegisteredPhone{UserID: agent.UserID, Name: agent.Name, Registered: agent.Registered})
	}
	return h
}

func (a *App) databaseHealth(ctx context.Context) api.Component {
	if err := a.db.Ping(ctx); err != nil {
		return api.Component{Name: "database", State: "down", Detail: "PostgreSQL does not answer."}
	}
	return api.Component{Name: "database", State: "ok"}
}

func (a *App) linkHealth() api.Component {
	c := api.Component{Name: "asterisk", State: "ok", Since: a.changed.Load()}
	if !a.linked.Load() {
		c.State, c.Detail = "down", "Callers are served by the switch's own fall-back; their leads appear once the link is back."
	}
	return c
}

func (a *App) redisHealth() api.Component {
	switch {
	case a.redis == nil:
		return api.Component{Name: "redis", State: "ok", Detail: "Not used: this is the only server."}
	case !a.redis.Up():
		return api.Component{Name: "redis", State: "degraded", Detail: "News of other servers arrive some seconds late."}
	}
	return api.Component{Name: "redis", State: "ok"}
}

func (a *App) smsHealth() api.Component {
	switch {
	case !a.messages.Configured():
		return api.Component{Name: "sms", State: "degraded", Detail: "No account is configured; SMS cannot be sent."}
	case a.config.Twilio.OutboxURL != "":
		return api.Component{Name: "sms", State: "ok", Detail: "SMS stay on this machine, in the loopback outbox."}
	}
	return api.Component{Name: "sms", State: "ok"}
}

// freeAgents are the people who could take a call now, for the lead-loss board.
type freeAgents struct{ app *App }

// Free returns them, ordered by user.
func (f freeAgents) Free(context.Context) ([]lead.FreeAgent, error) {
	free := []lead.FreeAgent{}
	for _, p := range api.PresenceOf(f.app.floor) {
		if p.State == api.Available {
			free = append(free, lead.FreeAgent{
				UserID: p.UserID, Name: p.Name, State: string(p.State), Registered: p.Registered, Since: p.Since,
			})
		}
	}
	return free, nil
}
