package ari

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Channel is a snapshot of a channel, as it stood when the event or answer was made.
type Channel struct {
	ID         string // Asterisk's unique ID, or the one we gave
	ProtocolID string // SIP Call-ID
	Name       string // technology/endpoint-number
	State      string // Down, Rsrvd, Ring (rings us), Ringing (we ring it), Up, …

	CallerNumber    string // attackers' text
	CallerName      string // attackers' text
	ConnectedNumber string
	ConnectedName   string
	RedirectedFrom  string // number that forwarded the call, if the carrier tells

	Context  string // place in the dialplan
	Exten    string // what was dialled: attackers' text
	AppName  string // dialplan application running
	AppData  string
	Language string
	Created  time.Time

	// LinkedID is shared by the channels of one conversation. Empty where ari.conf does not list
	// CHANNEL(linkedid) in channelvars; the configuration of package asterisk does.
	LinkedID string
	// Vars are the variables that ari.conf lists in channelvars.
	Vars map[string]string
}

// Endpoint is the technology/resource part of the channel's name: PJSIP/abc for PJSIP/abc-00000001.
func (c Channel) Endpoint() string {
	if i := strings.LastIndexByte(c.Name, '-'); i > 0 {
		return c.Name[:i]
	}
	return c.Name
}

// claimKinds: what the claim's answers mean.
var claimKinds = kinds{404: ErrGone, 409: ErrConflict}

// Claim takes a call that was broadcast. Its StasisStart follows. ErrGone: the caller hung up or
// the time to claim is over; ErrConflict: another application has it.
func (c *Client) Claim(ctx context.Context, channelID string) error {
	cmd := post("events", "claim").with("channelId", channelID).with("application", c.config.App)
	cmd.kinds = claimKinds
	return c.do(ctx, cmd)
}

// Channels lists every channel of this Asterisk, ours or not.
func (c *Client) Channels(ctx context.Context) ([]Channel, error) {
	var wire []wireChannel
	cmd := get("channels")
	cmd.into = &wire
	if err := c.do(ctx, cmd); err != nil {
		return nil, err
	}
	channels := make([]Channel, len(wire))
	for i := range wire {
		channels[i] = wire[i].channel()
	}
	return channels, nil
}

// Channel reads one channel. ErrGone when there is none of that ID.
func (c *Client) Channel(ctx context.Context, channelID string) (Channel, error) {
	var wire wireChannel
	cmd := get("channels", channelID)
	cmd.into = &wire
	if err := c.do(ctx, cmd); err != nil {
		return Channel{}, err
	}
	return wire.channel(), nil
}

// Answer picks the channel up.
func (c *Client) Answer(ctx context.Context, channelID string) error {
	return c.do(ctx, post("channels", channelID, "answer"))
}

// Ring lets the caller hear ringing (180).
func (c *Client) Ring(ctx context.Context, channelID string) error {
	return c.do(ctx, post("channels", channelID, "ring"))
}

// StopRing ends the ringing that Ring began.
func (c *Client) StopRing(ctx context.Context, channelID string) error {
	return c.do(ctx, remove("channels", channelID, "ring"))
}

// Progress opens early media (183), without which an unanswered caller hears nothing that is played.
func (c *Client) Progress(ctx context.Context, channelID string) error {
	return c.do(ctx, post("channels", channelID, "progress"))
}

// Reason says to a channel why it is hung up; for a ringing phone it decides whether that counts as missed.
type Reason string

// The reasons that Asterisk knows by name.
const (
	ReasonNormal            Reason = "normal"
	ReasonBusy              Reason = "busy"
	ReasonCongestion        Reason = "congestion"
	ReasonNoAnswer          Reason = "no_answer"
	ReasonTimeout           Reason = "timeout"
	ReasonRejected          Reason = "rejected"
	ReasonUnallocated       Reason = "unallocated"
	ReasonNormalUnspecified Reason = "normal_unspecified"
	ReasonNumberIncomplete  Reason = "number_incomplete"
	ReasonCodecMismatch     Reason = "codec_mismatch"
	ReasonInterworking      Reason = "interworking"
	ReasonFailure           Reason = "failure"
	ReasonAnsweredElsewhere Reason = "answered_elsewhere"
)

// Hangup ends a channel for a named reason; "" is ReasonNormal. Works on any channel, also one in
// the dialplan.
func (c *Client) Hangup(ctx context.Context, channelID string, reason Reason) error {
	return c.do(ctx, remove("channels", channelID).with("reason", string(reason)))
}

// HangupCause ends a channel with an ITU Q.850 cause, 1 to 127.
func (c *Client) HangupCause(ctx context.Context, channelID string, cause int) error {
	return c.do(ctx, remove("channels", channelID).with("reason_code", strconv.Itoa(cause)))
}

// Continue gives the channel back to the dialplan at context,exten,1. Its StasisEnd follows.
// Both empty: after the place where it entered the application.
func (c *Client) Continue(ctx context.Context, channelID, dialplanContext, exten string) error {
	cmd := post("channels", channelID, "continue").with("context", dialplanContext).with("extension", exten)
	if exten != "" {
		cmd = cmd.with("priority", "1")
	}
	return c.do(ctx, cmd)
}

// Move hands a channel that an application holds, ours or another one, over to an application (ours,
// when app is empty). A new StasisStart with the arguments follows there. ErrNotInApp: the channel
// is in the dialplan.
func (c *Client) Move(ctx context.Context, channelID, app string, args ...string) error {
	if app == "" {
		app = c.config.App
	}
	joined, err := joinArgs(args)
	if err != nil {
		return err
	}
	return c.do(ctx, post("channels", channelID, "move").with("app", app).with("appArgs", joined))
}

// Hold tells the device that it is put on hold. It plays no music: see StartMusic.
func (c *Client) Hold(ctx context.Context, channelID string) error {
	return c.do(ctx, post("channels", channelID, "hold"))
}

// Unhold takes Hold back.
func (c *Client) Unhold(ctx context.Context, channelID string) error {
	return c.do(ctx, remove("channels", channelID, "hold"))
}

// StartMusic plays the music class ("" for default) to a channel. A Play kills it for good, and it
// goes on over a conversation when the channel enters a mixing bridge: end it with StopMusic first.
func (c *Client) StartMusic(ctx context.Context, channelID, class string) error {
	return c.do(ctx, post("channels", channelID, "moh").with("mohClass", class))
}

// StopMusic ends StartMusic.
func (c *Client) StopMusic(ctx context.Context, channelID string) error {
	return c.do(ctx, remove("channels", channelID, "moh"))
}

// Direction of a mute, seen from Asterisk.
type Direction string

// Directions of a mute.
const (
	In   Direction = "in"   // what the party says is not heard by others
	Out  Direction = "out"  // the party hears nothing
	Both Direction = "both" // both
)

// Mute silences a channel in the direction.
func (c *Client) Mute(ctx context.Context, channelID string, direction Direction) error {
	return c.do(ctx, post("channels", channelID, "mute").with("direction", string(direction)))
}

// Unmute takes Mute back.
func (c *Client) Unmute(ctx context.Context, channelID string, direction Direction) error {
	return c.do(ctx, remove("channels", channelID, "mute").with("direction", string(direction)))
}

// dtmfDigits are the ones Asterisk can send; w is a pause of half a second.
const dtmfDigits = "0123456789*#ABCDabcdw"

// SendDTMF sends digits (0–9 * # A–D, w for a pause) to the channel's far end.
func (c *Client) SendDTMF(ctx context.Context, channelID, digits string) error {
	if digits == "" || strings.Trim(digits, dtmfDigits) != "" {
		return &Error{Op: "POST dtmf", Kind: ErrBadRequest, Message: "not DTMF digits"}
	}
	return c.do(ctx, post("channels", channelID, "dtmf").with("dtmf", digits))
}

// Variable reads a channel variable or function. "" where it is not set.
func (c *Client) Variable(ctx context.Context, channelID, name string) (string, error) {
	var reply struct{ Value string }
	cmd := get("channels", channelID, "variable").with("variable", name)
	cmd.into = &reply
	// Asterisk answers 404 both for a channel and for a variable that is not there; it tells
	// them apart in words only.
	if err := c.do(ctx, cmd); err != nil {
		var failed *Error
		if errors.As(err, &failed) && failed.Status == 404 && strings.Contains(failed.Message, "variable") {
			return "", nil
		}
		return "", err
	}
	return reply.Value, nil
}

// SetVariable sets a channel variable or function.
func (c *Client) SetVariable(ctx context.Context, channelID, name, value string) error {
	cmd := post("channels", channelID, "variable").with("variable", name)
	cmd.query.Set("value", value)
	return c.do(ctx, cmd)
}

// joinArgs writes application arguments as one string. A comma or a quote in one would shift the others.
func joinArgs(args []string) (string, error) {
	for _, arg := range args {
		if strings.ContainsAny(arg, ",\"\\\r\n\x00") {
			return "", &Error{Op: "application arguments", Kind: ErrBadRequest, Message: "argument with a separator in it"}
		}
	}
	return strings.Join(args, ","), nil
}
