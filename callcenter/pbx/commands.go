package pbx

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"centralita/asterisk/ari"
	"centralita/callcenter"
	"centralita/callcenter/floor"
)

// Names that the dialplan of package asterisk and this package share.
const (
	// madeContext and recordContext are where a leg of ours goes when it is answered, and comes from there into the
	// application that its variable names; recordContext has its recording started.
	madeContext   = "made"
	recordContext = "record"
	madeExten     = "s"
	madeApp       = "CRM_APP"
	madeArgs      = "CRM_ARGS"
	newApp        = "CRM_APP_" // and the channel: the application that has adopted it

	argMade    = "made"
	argAdopted = "adopted"

	headerCall   = "X-Centralita-Call"
	headerAnswer = "X-Centralita-Answer"
	headerKind   = "X-Centralita-Kind"
)

// Switch carries out commands over ARI. Safe for concurrent use.
type Switch struct {
	ari   *ari.Client
	trunk string // PJSIP endpoint of the trunk

	mu    sync.Mutex
	sound map[string]sound // what a channel hears from us, by channel; absent is unknown
}

// sound is what we play to a channel.
type sound int

const (
	silence sound = iota + 1
	music
	ringing
)

// NewSwitch returns a switch that dials out over the PJSIP endpoint named trunk.
func NewSwitch(client *ari.Client, trunk string) *Switch {
	return &Switch{ari: client, trunk: trunk, sound: map[string]sound{}}
}

// Do carries out one command. A leg that cannot be made comes back as *floor.Refusal; a channel that has gone is
// no error where the command wanted it gone.
func (s *Switch) Do(ctx context.Context, command callcenter.Command) error {
	switch c := command.(type) {
	case callcenter.Claim:
		return s.claim(ctx, c)
	case callcenter.Adopt:
		return s.adopt(ctx, c.Channel)
	case callcenter.RingAgent:
		return s.ringAgent(ctx, c)
	case callcenter.DialClient:
		return s.dialClient(ctx, c)
	case callcenter.RingBack:
		return s.ari.Ring(ctx, c.Channel)
	case callcenter.PlayRinging:
		return s.playRinging(ctx, c.Channel)
	case callcenter.Join:
		return s.join(ctx, c)
	case callcenter.HoldClient:
		return s.hold(ctx, c)
	case callcenter.MuteAgent:
		return s.mute(ctx, c)
	case callcenter.SendDigits:
		return s.ari.SendDTMF(ctx, c.Channel, c.Digits)
	case callcenter.AskMessage:
		return s.askMessage(ctx, c)
	case callcenter.Drop:
		return s.drop(ctx, c)
	case callcenter.Dissolve:
		return ignore(s.ari.DeleteBridge(ctx, c.Bridge), ari.ErrGone)
	}
	return fmt.Errorf("pbx: no such command %T", command)
}

func (s *Switch) ringAgent(ctx context.Context, c callcenter.RingAgent) error {
	// Each header is a trip through Asterisk's threads before the phone rings: an offer needs no word for it.
	variables := map[string]string{
		madeApp: s.ari.App(), madeArgs: argMade, header(headerCall): strconv.FormatInt(int64(c.Call), 10),
	}
	if c.Kind != callcenter.RingOffer {
		variables[header(headerKind)] = string(c.Kind)
	}
	if c.Leg.Quiet {
		variables[header(headerAnswer)] = "auto"
	}
	_, err := s.ari.Originate(ctx, ari.Originate{
		ID: c.Leg.Channel, Endpoint: "PJSIP/" + c.Leg.Endpoint, Context: madeContext, Exten: madeExten,
		CallerNumber: c.ShowAs, CallerName: c.ShowName, Originator: c.Origin,
		Timeout: c.Timeout, Variables: variables,
	})
	return refusal(err)
}

func (s *Switch) dialClient(ctx context.Context, c callcenter.DialClient) error {
	_, err := s.ari.Originate(ctx, ari.Originate{
		ID: c.Channel, Endpoint: "PJSIP/" + c.E164 + "@" + s.trunk, Context: recordContext, Exten: madeExten,
		CallerNumber: c.ShowAs, Originator: c.Origin, Timeout: c.Timeout,
		Variables: map[string]string{madeApp: s.ari.App(), madeArgs: argMade},
	})
	return refusal(err)
}

func header(name string) string { return "PJSIP_HEADER(add," + name + ")" }

// refusal gives an error of a new leg its Q.850 cause. A leg that exists already is the one we asked for before.
func refusal(err error) error {
	switch {
	case err == nil, errors.Is(err, ari.ErrConflict):
		return nil
	case errors.Is(err, ari.ErrGone):
		return &floor.Refusal{Cause: callcenter.CauseNormal, Err: err}
	case errors.Is(err, ari.ErrAllocation):
		return &floor.Refusal{Cause: callcenter.CauseSubscriberAbsent, Err: err}
	}
	return &floor.Refusal{Cause: callcenter.CauseNetworkOutOfOrder, Err: err}
}

// claim takes a caller whom the switch offers. One whom a server had that is dead now is taken out of its hands.
func (s *Switch) claim(ctx context.Context, c callcenter.Claim) error {
	err := s.ari.Claim(ctx, c.Channel)
	if c.Again && errors.Is(err, ari.ErrConflict) {
		return s.take(ctx, c.Channel) // it enters anew
	}
	return err
}

// take moves a channel to this server's application, with args, unless it is there.
func (s *Switch) take(ctx context.Context, channel string, args ...string) error {
	app, err := s.ari.Application(ctx)
	if err == nil && slices.Contains(app.ChannelIDs, channel) {
		return nil
	}
	return s.ari.Move(ctx, channel, s.ari.App(), args...)
}

// adopt brings a channel under this server: out of the hands of another one, or, when it is a leg of ours that has not
// been answered or waits in the dialplan for its server, by leaving our name for it.
func (s *Switch) adopt(ctx context.Context, channel string) error {
	err := s.take(ctx, channel, argAdopted)
	if errors.Is(err, ari.ErrNotInApp) {
		return s.ari.SetGlobalVariable(ctx, newApp+channel, s.ari.App())
	}
	return err
}

func (s *Switch) join(ctx context.Context, c callcenter.Join) error {
	kind := ari.WithDTMFEvents
	if c.Mixed {
		kind = ari.AlwaysMixing
	}
	if err := ignore(s.ari.CreateBridge(ctx, c.Bridge, c.Bridge, kind), ari.ErrConflict); err != nil {
		return err
	}
	if err := s.hush(ctx, c.Agent); err != nil {
		return err
	}
	if err := s.ari.Answer(ctx, c.Client); err != nil {
		return err
	}
	if err := s.hush(ctx, c.Client); err != nil {
		return err
	}
	return s.ari.AddChannels(ctx, c.Bridge, c.Client, c.Agent)
}

// hush ends what we play to a channel.
func (s *Switch) hush(ctx context.Context, channel string) error {
	switch s.playing(channel, silence) {
	case silence:
		return nil
	case ringing:
		return ignore(s.ari.StopPlayback(ctx, ringPlayback(channel)), ari.ErrGone)
	case music:
		return s.ari.StopMusic(ctx, channel)
	}
	return errors.Join(ignore(s.ari.StopPlayback(ctx, ringPlayback(channel)), ari.ErrGone), s.ari.StopMusic(ctx, channel))
}

// playing notes what a channel hears from now on and returns what it heard before.
func (s *Switch) playing(channel string, now sound) (before sound) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before = s.sound[channel]
	s.sound[channel] = now
	return before
}

func (s *Switch) forget(channel string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sound, channel)
}

func ringPlayback(channel string) string { return "ring-" + channel }

func (s *Switch) playRinging(ctx context.Context, channel string) error {
	s.playing(channel, ringing)
	return ignore(s.ari.Play(ctx, channel, ringPlayback(channel), "", "tone:ring"), ari.ErrConflict)
}

func (s *Switch) hold(ctx context.Context, c callcenter.HoldClient) error {
	s.playing(c.Client, music)
	if err := ignore(s.ari.RemoveChannels(ctx, c.Bridge, c.Client), ari.ErrBadState); err != nil {
		return err
	}
	return s.ari.StartMusic(ctx, c.Client, "")
}

func (s *Switch) mute(ctx context.Context, c callcenter.MuteAgent) error {
	if c.On {
		return s.ari.Mute(ctx, c.Channel, ari.In)
	}
	return s.ari.Unmute(ctx, c.Channel, ari.In)
}

func (s *Switch) askMessage(ctx context.Context, c callcenter.AskMessage) error {
	if err := s.ari.Answer(ctx, c.Channel); err != nil {
		return err
	}
	if err := s.hush(ctx, c.Channel); err != nil {
		return err
	}
	return ignore(s.ari.Play(ctx, c.Channel, "msg-"+c.Channel, c.Language, "sound:vm-intro", "sound:beep"), ari.ErrConflict)
}

func (s *Switch) drop(ctx context.Context, c callcenter.Drop) error {
	var err error
	switch {
	case c.Elsewhere:
		err = s.ari.Hangup(ctx, c.Channel, ari.ReasonAnsweredElsewhere)
	case c.Cause != 0:
		err = s.ari.HangupCause(ctx, c.Channel, c.Cause)
	default:
		err = s.ari.Hangup(ctx, c.Channel, ari.ReasonNormal)
	}
	return ignore(err, ari.ErrGone)
}

func ignore(err, kind error) error {
	if errors.Is(err, kind) {
		return nil
	}
	return err
}
