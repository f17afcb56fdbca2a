package ari_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"centralita/asterisk"
	"centralita/asterisk/ari"
	"centralita/asterisk/asterisktest"
	"centralita/internal/siptest"
)

const (
	limit      = 30 * time.Second
	callerTone = 500.0
	phoneTone  = 900.0
)

// stand is a real Asterisk with a client and its stream.
type stand struct {
	config asterisk.Config
	client *ari.Client
	stream *ari.Stream
	seen   []ari.Event
}

func newStand(t *testing.T, change ...func(*asterisk.Config)) *stand {
	t.Helper()
	s := &stand{config: asterisktest.Start(t, change...).Config()}
	s.client = asterisktest.Client(t, s.config, "crm-test")
	ctx, cancel := context.WithCancel(context.Background())
	s.stream = s.client.Listen(ctx)
	t.Cleanup(func() { cancel(); <-s.stream.Done() })
	message, err := s.stream.Next(within(t))
	if _, ok := message.(ari.Connected); !ok {
		t.Fatalf("first message %+v, %v", message, err)
	}
	return s
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// await takes messages until an event of the type fits.
func (s *stand) await(t *testing.T, eventType string, fits func(ari.Event) bool) ari.Event {
	t.Helper()
	ctx := within(t)
	for {
		message, err := s.stream.Next(ctx)
		if err != nil {
			t.Fatalf("waiting for %s: %v; seen %+v", eventType, err, s.seen)
		}
		event, ok := message.(ari.Event)
		if !ok {
			t.Fatalf("waiting for %s: %+v", eventType, message)
		}
		s.seen = append(s.seen, event)
		if event.Type == eventType && fits(event) {
			return event
		}
	}
}

func about(channelID string) func(ari.Event) bool {
	return func(e ari.Event) bool { return e.Channel.ID == channelID }
}

func (s *stand) agent(t *testing.T, config siptest.Config) *siptest.UA {
	t.Helper()
	config.Server = fmt.Sprintf("127.0.0.1:%d", s.config.SIPPort)
	ua, err := siptest.Open(config)
	do(t, err)
	t.Cleanup(ua.Close)
	return ua
}

// phone makes an account and registers it.
func (s *stand) phone(t *testing.T, id string, script siptest.Script) *siptest.UA {
	t.Helper()
	do(t, s.client.PutPhone(within(t), ari.Phone{ID: id, Password: "secret", Name: "Ann"}))
	ua := s.agent(t, siptest.Config{User: id, Password: "secret", Tone: phoneTone, Script: script})
	do(t, ua.Register(within(t)))
	return ua
}

// claimed places a call and claims it.
func (s *stand) claimed(t *testing.T, ua *siptest.UA) (call *siptest.Call, id string) {
	t.Helper()
	call, err := ua.Invite(within(t), siptest.Invite{From: "+34600111222", To: "911222333"})
	do(t, err)
	id = s.await(t, ari.CallBroadcast, func(e ari.Event) bool { return e.Channel.ProtocolID == call.ID() }).Channel.ID
	do(t, s.client.Claim(within(t), id))
	s.await(t, ari.StasisStart, about(id))
	return call, id
}

// The whole of a conversation: a registered phone is rung on behalf of a caller and joined.
func TestConversation(t *testing.T) {
	s := newStand(t)
	ctx := within(t)
	phone := s.phone(t, "a1", siptest.AnswerAfter(0))
	contact := s.await(t, ari.ContactStatusChange, func(e ari.Event) bool { return e.Endpoint.Resource == "a1" })
	if contact.ContactURI == "" || contact.ContactStatus == "Removed" {
		t.Errorf("contact %+v", contact)
	}
	endpoint, err := s.client.Endpoint(ctx, "a1")
	do(t, err)
	if !endpoint.Online() || endpoint.Name() != "PJSIP/a1" {
		t.Errorf("endpoint %+v", endpoint)
	}

	call, id := s.claimed(t, s.agent(t, siptest.Config{Tone: callerTone}))
	do(t, s.client.Ring(ctx, id))
	do(t, call.WaitRinging(ctx))
	leg, err := s.client.Originate(ctx, ari.Originate{ID: "leg-1", Endpoint: "PJSIP/a1", Originator: id, Args: []string{"agent", "1"},
		CallerName: `Ivan "the" <one>`, CallerNumber: "+34600111222", Timeout: 10 * time.Second,
		Variables: map[string]string{"PJSIP_HEADER(add,X-CRM-Call)": "42", "CRM_CALL": "42"}})
	do(t, err)
	start := s.await(t, ari.StasisStart, about("leg-1"))
	if fmt.Sprint(start.Args) != "[agent 1]" || start.Channel.LinkedID != id || start.Channel.Vars["CRM_CALL"] != "42" || leg.ID != "leg-1" {
		t.Errorf("start %+v of leg %+v", start, leg)
	}
	rung, err := phone.Incoming(ctx)
	do(t, err)
	user, display := rung.From()
	if rung.Header("X-CRM-Call") != "42" || user != "+34600111222" || display != "Ivan the one" {
		t.Errorf("the phone was rung as %q %q, call %q", user, display, rung.Header("X-CRM-Call"))
	}
	do(t, s.client.CreateBridge(ctx, "mix-1", "mix-1", ari.WithDTMFEvents))
	do(t, s.client.Answer(ctx, id))
	do(t, s.client.AddChannels(ctx, "mix-1", id, "leg-1"))
	do(t, call.WaitHears(ctx, phoneTone))
	do(t, rung.WaitHears(ctx, callerTone))

	s.hearsDigitsAndMute(t, call, rung, id)
	do(t, call.Hangup(ctx))
	s.await(t, ari.StasisEnd, about(id))
	do(t, s.client.Hangup(ctx, "leg-1", ari.ReasonNormal))
	s.await(t, ari.StasisEnd, about("leg-1"))
	do(t, s.client.DeleteBridge(ctx, "mix-1"))
	asterisktest.Quiet(t, s.client)
	s.noneTwice(t)
}

// hearsDigitsAndMute goes on in the conversation of TestConversation.
func (s *stand) hearsDigitsAndMute(t *testing.T, call, rung *siptest.Call, id string) {
	t.Helper()
	ctx := within(t)
	do(t, call.SendDigits(ctx, "5"))
	if e := s.await(t, ari.ChannelDtmfReceived, about(id)); e.Digit != "5" {
		t.Errorf("digit %q", e.Digit)
	}
	do(t, s.client.Mute(ctx, id, ari.In))
	do(t, rung.WaitDeaf(ctx, callerTone))
	do(t, s.client.Unmute(ctx, id, ari.In))
	do(t, rung.WaitHears(ctx, callerTone))
	do(t, s.client.SendDTMF(ctx, "leg-1", "1#"))
	asterisktest.Eventually(t, limit, func() bool { return rung.Digits() == "51#" }, func() string { return "digits " + rung.Digits() })
	if err := s.client.SendDTMF(ctx, "leg-1", "1&"); !errors.Is(err, ari.ErrBadRequest) {
		t.Errorf("sending & as a digit: %v", err)
	}
}

// noneTwice: the two applications of the socket do not double events.
func (s *stand) noneTwice(t *testing.T) {
	t.Helper()
	seen := map[string]bool{}
	for _, e := range s.seen {
		key := fmt.Sprint(e.Type, e.Time, e.Channel, e.Endpoint, e.ContactURI, e.ContactStatus, e.Bridge, e.DialStatus, e.Cause)
		if seen[key] {
			t.Errorf("twice: %+v", e)
		}
		seen[key] = true
	}
}

func TestHeldCallerHearsMusic(t *testing.T) {
	s := newStand(t)
	ctx := within(t)
	call, id := s.claimed(t, s.agent(t, siptest.Config{Tone: callerTone}))
	do(t, s.client.Answer(ctx, id))
	do(t, call.WaitAnswered(ctx))
	do(t, s.client.CreateBridge(ctx, "hold-1", "hold-1", ari.Holding))
	do(t, s.client.AddChannels(ctx, "hold-1", id))
	do(t, s.client.StartBridgeMusic(ctx, "hold-1", ""))
	do(t, call.WaitHears(ctx, 261.63))
	do(t, s.client.StopBridgeMusic(ctx, "hold-1"))
	do(t, s.client.RemoveChannels(ctx, "hold-1", id))
	do(t, s.client.Play(ctx, id, "play-1", "ru", "sound:vm-goodbye"))
	s.await(t, ari.PlaybackFinished, func(e ari.Event) bool { return e.Playback.ID == "play-1" })
	// Asterisk says that it is over a moment before it forgets it.
	asterisktest.Eventually(t, 5*time.Second, func() bool {
		return errors.Is(s.client.StopPlayback(ctx, "play-1"), ari.ErrGone)
	}, func() string { return "stopping what is over is not told apart" })
	do(t, s.client.Move(ctx, id, "", "back"))
	if e := s.await(t, ari.StasisStart, about(id)); fmt.Sprint(e.Args) != "[back]" {
		t.Errorf("arguments %v", e.Args)
	}
	do(t, s.client.Continue(ctx, id, "voicemail", "s"))
	s.await(t, ari.StasisEnd, about(id))
	channel, err := s.client.Channel(ctx, id)
	do(t, err)
	if channel.Context != "voicemail" {
		t.Errorf("continued to %+v", channel)
	}
	if err := s.client.Move(ctx, id, ""); !errors.Is(err, ari.ErrNotInApp) {
		t.Errorf("moving out of the dialplan: %v", err)
	}
	do(t, s.client.HangupCause(ctx, id, 17))
	do(t, s.client.DeleteBridge(ctx, "hold-1"))
	asterisktest.Quiet(t, s.client)
}

// A channel that we make and send through record,s is recorded and then ours.
func TestOriginateRecorded(t *testing.T) {
	carrier, err := siptest.Open(siptest.Config{Tone: phoneTone, Script: siptest.AnswerAfter(0)})
	do(t, err)
	t.Cleanup(carrier.Close)
	s := newStand(t, func(c *asterisk.Config) { c.TrunkContact = carrier.Addr() })
	ctx := within(t)
	_, err = s.client.Originate(ctx, ari.Originate{ID: "out-1", Endpoint: "PJSIP/34600111222@trunk", Context: "record", Exten: "s",
		CallerNumber: "+34911222333", Variables: map[string]string{"CRM_APP": "crm-test", "CRM_ARGS": "client,7"}})
	do(t, err)
	if e := s.await(t, ari.StasisStart, about("out-1")); fmt.Sprint(e.Args) != "[client 7]" {
		t.Errorf("arguments %v", e.Args)
	}
	rung, err := carrier.Incoming(ctx)
	do(t, err)
	if user, _ := rung.From(); rung.To() != "34600111222" || user != "+34911222333" {
		t.Errorf("the carrier was asked for %q by %q", rung.To(), user)
	}
	path := s.config.Paths().Recordings + "/out-1.raw"
	asterisktest.Eventually(t, limit, func() bool { return size(path) > 0 }, func() string { return path + " is empty" })
	do(t, s.client.Hangup(ctx, "out-1", ari.ReasonNormal))
	s.await(t, ari.StasisEnd, about("out-1"))
	asterisktest.Quiet(t, s.client)
}

// How a call to a phone that does not answer ends.
func TestOriginateOutcomes(t *testing.T) {
	s := newStand(t)
	ctx := within(t)
	s.phone(t, "busy", siptest.Reject(486, "Busy Here"))
	s.phone(t, "declines", siptest.Reject(603, "Decline"))
	ringing := s.phone(t, "rings", siptest.Ring())

	for endpoint, want := range map[string]struct{ cause, tech int }{"busy": {17, 486}, "declines": {21, 603}} {
		_, err := s.client.Originate(ctx, ari.Originate{ID: "to-" + endpoint, Endpoint: "PJSIP/" + endpoint})
		do(t, err)
		if e := s.await(t, ari.ChannelDestroyed, about("to-"+endpoint)); e.Cause != want.cause || e.TechCause != want.tech {
			t.Errorf("%s: cause %d, %d", endpoint, e.Cause, e.TechCause)
		}
	}
	ring := ari.Originate{ID: "to-rings", Endpoint: "PJSIP/rings"}
	_, err := s.client.Originate(ctx, ring)
	do(t, err)
	s.await(t, ari.Dial, func(e ari.Event) bool { return e.Channel.ID == "to-rings" && e.DialStatus == "RINGING" })
	if _, err := s.client.Originate(ctx, ring); !errors.Is(err, ari.ErrConflict) {
		t.Errorf("the same ID again: %v", err)
	}
	do(t, s.client.Hangup(ctx, "to-rings", ari.ReasonAnsweredElsewhere))
	rung, err := ringing.Incoming(ctx)
	do(t, err)
	if end, err := rung.WaitEnded(ctx); err != nil || !end.Elsewhere() {
		t.Errorf("ringing phone: %v, %v", end, err)
	}
	asterisktest.Quiet(t, s.client)

	do(t, s.client.DeletePhone(ctx, "busy"))
	do(t, s.client.DeletePhone(ctx, "busy"))
	for name, o := range map[string]struct {
		call ari.Originate
		want error
	}{
		"deleted account":   {ari.Originate{ID: "x1", Endpoint: "PJSIP/busy"}, ari.ErrAllocation},
		"unknown endpoint":  {ari.Originate{ID: "x2", Endpoint: "PJSIP/nobody"}, ari.ErrAllocation},
		"originator gone":   {ari.Originate{ID: "x3", Endpoint: "PJSIP/rings", Originator: "gone"}, ari.ErrGone},
		"two destinations":  {ari.Originate{ID: "x4", Endpoint: "PJSIP/rings&PJSIP/1@trunk"}, ari.ErrBadRequest},
		"no ID":             {ari.Originate{Endpoint: "PJSIP/rings"}, ari.ErrBadRequest},
		"argument too many": {ari.Originate{ID: "x5", Endpoint: "PJSIP/rings", Args: []string{"a,b"}}, ari.ErrBadRequest},
	} {
		if _, err := s.client.Originate(ctx, o.call); !errors.Is(err, o.want) {
			t.Errorf("%s: %v, want %v", name, err, o.want)
		}
	}
}

func TestErrorsOfARealAsterisk(t *testing.T) {
	s := newStand(t)
	ctx := within(t)
	call, id := s.claimed(t, s.agent(t, siptest.Config{}))
	do(t, s.client.CreateBridge(ctx, "b", "b", ari.Mixing))
	for name, c := range map[string]struct{ err, want error }{
		"claim twice":            {s.client.Claim(ctx, id), ari.ErrConflict},
		"claim nothing":          {s.client.Claim(ctx, "none"), ari.ErrGone},
		"answer nothing":         {s.client.Answer(ctx, "none"), ari.ErrGone},
		"path in an ID":          {s.client.Answer(ctx, "../x"), ari.ErrGone},
		"empty ID":               {s.client.Answer(ctx, ""), ari.ErrBadRequest},
		"hang up nothing":        {s.client.Hangup(ctx, "none", ""), ari.ErrGone},
		"bridge twice":           {s.client.CreateBridge(ctx, "b", "b", ari.Mixing), ari.ErrConflict},
		"add to no bridge":       {s.client.AddChannels(ctx, "none", id), ari.ErrGone},
		"add no channel":         {s.client.AddChannels(ctx, "b", "none"), ari.ErrGone},
		"remove who is not in":   {s.client.RemoveChannels(ctx, "b", id), ari.ErrBadState},
		"delete no bridge":       {s.client.DeleteBridge(ctx, "none"), ari.ErrGone},
		"variable of no channel": {second(s.client.Variable(ctx, "none", "X")), ari.ErrGone},
		"configuration":          {second(s.client.Config(ctx, "res_pjsip", "endpoint", "none")), ari.ErrGone},
		"phone with a line":      {s.client.PutPhone(ctx, ari.Phone{ID: "a\nb", Password: "x"}), ari.ErrBadRequest},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", name, c.err, c.want)
		}
	}
	do(t, s.client.SetVariable(ctx, id, "NOTE", "a, b & ?"))
	if value, err := s.client.Variable(ctx, id, "NOTE"); err != nil || value != "a, b & ?" {
		t.Errorf("variable %q, %v", value, err)
	}
	if value, err := s.client.Variable(ctx, id, "UNSET"); err != nil || value != "" {
		t.Errorf("unset variable %q, %v", value, err)
	}
	snapshot, err := s.client.Snapshot(ctx)
	do(t, err)
	if len(snapshot.Channels) != 1 || snapshot.Channels[0].ID != id || fmt.Sprint(snapshot.Ours) != "["+id+"]" || len(snapshot.Bridges) != 1 {
		t.Errorf("snapshot %+v", snapshot)
	}
	do(t, s.client.DeleteBridge(ctx, "b"))
	do(t, call.Hangup(ctx))
	s.await(t, ari.StasisEnd, about(id))
	asterisktest.Quiet(t, s.client)
	if err := s.client.Answer(ctx, id); !errors.Is(err, ari.ErrGone) {
		t.Errorf("answering who has hung up: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

// A second process with our name silences us: we are told, and the stream ends.
func TestReplaced(t *testing.T) {
	s := newStand(t)
	ctx, cancel := context.WithCancel(context.Background())
	usurper := asterisktest.Client(t, s.config, "crm-test").Listen(ctx)
	t.Cleanup(func() { cancel(); <-usurper.Done() })
	for {
		_, err := s.stream.Next(within(t))
		if err == nil {
			continue
		}
		if !errors.Is(err, ari.ErrReplaced) {
			t.Errorf("the stream ended with %v", err)
		}
		return
	}
}

// size of a file, 0 when it is not there.
func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
