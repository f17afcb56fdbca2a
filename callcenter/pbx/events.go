package pbx

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"centralita/asterisk/ari"
	"centralita/callcenter"
	"centralita/callcenter/floor"
)

// Floor is what the switch reports to. None of the methods but Resync may wait.
type Floor interface {
	Arrive(floor.Arrival)
	Deliver(channel string, event callcenter.Event) bool
	Phone(endpoint string, there bool)
	Resync(ctx context.Context, snapshot floor.Snapshot) error
}

// Link reads Asterisk's events and reports them to the floor.
type Link struct {
	sw    *Switch
	floor Floor
	log   *slog.Logger
	up    func(connected bool) // told whenever the link comes or goes

	asteriskID string
	causes     map[string]int                 // Q.850 cause a channel was asked to hang up with
	contacts   map[string]map[string]struct{} // addresses of a phone, by SIP user
}

// NewLink returns a link. up is called after every resync and on every loss.
func NewLink(sw *Switch, f Floor, log *slog.Logger, up func(bool)) *Link {
	return &Link{
		sw: sw, floor: f, log: log, up: up,
		causes: map[string]int{}, contacts: map[string]map[string]struct{}{},
	}
}

// Run reads events until ctx ends, or another process takes over our name: then the error is ari.ErrReplaced and
// this process must not go on.
func (l *Link) Run(ctx context.Context) error {
	stream := l.sw.ari.Listen(ctx)
	for {
		message, err := stream.Next(ctx)
		if err != nil {
			return err
		}
		switch m := message.(type) {
		case ari.Connected:
			if err := l.resync(ctx, stream, m.Epoch); err != nil {
				return err
			}
		case ari.Disconnected:
			l.log.Warn("link to Asterisk lost", "error", m.Err)
			l.up(false)
		case ari.Event:
			l.event(m)
		}
	}
}

// resync makes the floor agree with Asterisk. It is tried until it succeeds or the connection is not the same.
func (l *Link) resync(ctx context.Context, stream *ari.Stream, epoch uint64) error {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		snapshot, err := l.Snapshot(ctx)
		if err == nil {
			l.asteriskID = snapshot.AsteriskID
			clear(l.contacts)
			err = l.floor.Resync(ctx, snapshot)
		}
		if err == nil {
			l.up(true)
			return nil
		}
		l.log.Error("resync failed", "error", err)
		if state := stream.State(); !state.Connected || state.Epoch != epoch {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// claimWindow is longer than a call can wait to be claimed.
const claimWindow = 3 * time.Second

// inHands reports whether some server, living or dead, has the channel. A claimed one goes on to show the broadcast
// as its application: it is claimed when it was answered, or when the time for that is over and it is still there.
func inHands(c ari.Channel, now time.Time) bool {
	switch c.AppName {
	case "Stasis":
		return true
	case "StasisBroadcast":
		return c.State == "Up" || now.Sub(c.Created) > claimWindow
	}
	return false
}

// Snapshot reads what Asterisk has at the moment.
func (l *Link) Snapshot(ctx context.Context) (floor.Snapshot, error) {
	s, err := l.sw.ari.Snapshot(ctx)
	if err != nil {
		return floor.Snapshot{}, err
	}
	snapshot := floor.Snapshot{
		AsteriskID: s.Info.EntityID, Channels: map[string]callcenter.Seen{}, Phones: map[string]bool{},
	}
	held := map[string]bool{}
	for _, id := range s.Ours {
		held[id] = true
	}
	for _, c := range s.Channels {
		snapshot.Channels[c.ID] = callcenter.Seen{Up: c.State == "Up", Held: held[c.ID] || inHands(c, s.Taken)}
	}
	for _, b := range s.Bridges {
		snapshot.Bridges = append(snapshot.Bridges, b.ID)
	}
	for _, e := range s.Endpoints {
		if e.Online() {
			snapshot.Phones[e.Resource] = true
		}
	}
	return snapshot, nil
}

func (l *Link) event(e ari.Event) {
	switch e.Type {
	case ari.CallBroadcast:
		l.arrive(e)
	case ari.StasisStart:
		l.stasisStart(e)
	case ari.StasisEnd:
		l.gone(e.Channel.ID, l.causes[e.Channel.ID])
	case ari.ChannelStateChange:
		if e.Channel.State == "Ringing" {
			l.floor.Deliver(e.Channel.ID, callcenter.LegRang{Channel: e.Channel.ID})
		}
	case ari.ChannelHangupRequest:
		if e.Cause != 0 {
			l.causes[e.Channel.ID] = e.Cause
		}
		if e.Cause == callcenter.CauseNormal && floor.Made(e.Channel.ID) {
			// He has hung up: his phone is free, and who waits for him need not wait until the switch has tidied up.
			l.floor.Deliver(e.Channel.ID, callcenter.LegGone{Channel: e.Channel.ID, Cause: e.Cause})
		}
	case ari.ChannelDestroyed:
		if floor.Made(e.Channel.ID) { // a caller is gone when he leaves us; what he does in the fall-back is evidence
			l.gone(e.Channel.ID, e.Cause)
		}
	case ari.ContactStatusChange:
		l.contact(e)
	}
}

// lateness is the age from which on a new call may have been given up by the switch before we heard of it. Clocks
// that disagree cost a round trip, no more.
const lateness = time.Second

func (l *Link) arrive(e ari.Event) {
	number := e.Channel.CallerNumber
	if number == "" {
		number = e.Calling
	}
	dialled := e.Called
	if dialled == "" {
		dialled = e.Channel.Exten
	}
	l.floor.Arrive(floor.Arrival{
		AsteriskID: l.asteriskID, Channel: e.Channel.ID, Number: number, Name: e.Channel.CallerName,
		Dialled: dialled, At: e.Received, Late: !e.Time.IsZero() && e.Received.Sub(e.Time) > lateness,
	})
}

func (l *Link) stasisStart(e ari.Event) {
	channel := e.Channel.ID
	purpose := ""
	if len(e.Args) > 0 {
		purpose = e.Args[0]
	}
	switch purpose {
	case argAdopted:
	case argMade:
		l.sw.playing(channel, silence)
		l.answered(channel)
	default:
		l.sw.playing(channel, silence)
		if !l.floor.Deliver(channel, callcenter.Entered{}) {
			l.arrive(e)
			l.floor.Deliver(channel, callcenter.Entered{})
		}
	}
}

// answered reports an answered leg; one that nobody knows any more is hung up.
func (l *Link) answered(channel string) {
	if l.floor.Deliver(channel, callcenter.LegAnswered{Channel: channel}) {
		return
	}
	go l.try("hang up an unknown leg", callcenter.Drop{Channel: channel})
}

func (l *Link) try(what string, command callcenter.Command) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := l.sw.Do(ctx, command); err != nil {
		l.log.Warn(what, "error", err)
	}
}

func (l *Link) gone(channel string, cause int) {
	if cause == 0 {
		cause = callcenter.CauseNormal
	}
	delete(l.causes, channel)
	l.sw.forget(channel)
	l.floor.Deliver(channel, callcenter.LegGone{Channel: channel, Cause: cause})
}

// contact follows the addresses a phone is registered from. A page that is loaded anew registers from a new
// address, sometimes before the old one is removed: that is a phone lost and a phone back.
func (l *Link) contact(e ari.Event) {
	phone := strings.TrimPrefix(e.Endpoint.Resource, "PJSIP/")
	known := l.contacts[phone]
	if known == nil {
		known = map[string]struct{}{}
		l.contacts[phone] = known
	}
	if e.ContactStatus == "Removed" {
		delete(known, e.ContactURI)
		if len(known) == 0 {
			l.floor.Phone(phone, false)
		}
		return
	}
	if _, same := known[e.ContactURI]; same {
		return
	}
	if len(known) > 0 {
		l.floor.Phone(phone, false)
	}
	clear(known)
	known[e.ContactURI] = struct{}{}
	l.floor.Phone(phone, true)
}
