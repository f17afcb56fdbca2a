package ari

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strings"
	"time"
	"unicode"

	arilib "github.com/CyCoreSystems/ari/v5"
)

// Originate describes a channel to make. It enters our application when answered, unless Context
// is given.
type Originate struct {
	// ID of the new channel, ours to choose; a second one with it is refused with ErrConflict.
	ID string
	// Endpoint is technology/resource, for example PJSIP/abc or PJSIP/34600111222@trunk.
	// Never build it from a caller's text that was not checked.
	Endpoint string
	// Args come with the StasisStart. No commas or quotes.
	Args []string
	// Context and Exten, both or none: enter the dialplan there instead of our application.
	Context, Exten string
	// CallerName and CallerNumber are shown to the one who is called. Made harmless here.
	CallerName, CallerNumber string
	// Originator is the channel on whose behalf this happens: gives codecs and the linked ID.
	Originator string
	// Formats are codecs, comma-separated; leave it empty with an Originator.
	Formats string
	// Timeout is how long it may ring, rounded up to seconds; 30 s when zero.
	Timeout time.Duration
	// Variables are set before dialling; functions such as PJSIP_HEADER(add,X-Name) work.
	Variables map[string]string
}

const defaultRing = 30 * time.Second

var originateKinds = kinds{400: ErrBadRequest, 409: ErrConflict, 500: ErrAllocation}

// Originate makes a channel and dials. It returns as soon as Asterisk has begun; Dial and
// ChannelDestroyed or StasisStart events tell how it goes on, and may come before it returns.
// ErrAllocation: nobody is registered there. ErrGone: the originator has hung up.
// ErrConflict: that ID exists.
func (c *Client) Originate(ctx context.Context, o Originate) (Channel, error) {
	const op = "POST /channels"
	if o.ID == "" || o.Endpoint == "" || strings.ContainsFunc(o.Endpoint, unsafeInEndpoint) {
		return Channel{}, &Error{Op: op, Kind: ErrBadRequest, Message: "no ID, or an endpoint that is not one"}
	}
	args, err := joinArgs(o.Args)
	if err != nil {
		return Channel{}, err
	}
	request := o.request(c.config.App, args)
	var wire wireChannel
	cmd := command{method: "POST", path: []string{"channels"}, body: request, kinds: originateKinds, into: &wire}
	if err := c.do(ctx, cmd); err != nil {
		return Channel{}, c.explain(ctx, err, o.ID)
	}
	return wire.channel(), nil
}

// request is the body of the command.
func (o Originate) request(app, args string) arilib.OriginateRequest {
	ring := o.Timeout
	if ring == 0 {
		ring = defaultRing
	}
	request := arilib.OriginateRequest{
		Endpoint: o.Endpoint, ChannelID: o.ID, Originator: o.Originator, Formats: o.Formats,
		Timeout: int(math.Ceil(ring.Seconds())), CallerID: callerID(o.CallerName, o.CallerNumber),
		Variables: o.Variables,
	}
	if o.Context != "" {
		request.Context, request.Extension, request.Priority = o.Context, o.Exten, 1
	} else {
		request.App, request.AppArgs = app, args
	}
	return request
}

// unsafeInEndpoint: & would dial a second destination, the others end the string.
func unsafeInEndpoint(r rune) bool {
	return r == '&' || r == ',' || r == '"' || unicode.IsControl(r) || unicode.IsSpace(r)
}

// callerID writes name and number so that neither can break out of its place.
func callerID(name, number string) string {
	harmless := func(r rune) rune {
		if unicode.IsControl(r) || strings.ContainsRune(`"<>\`, r) {
			return -1
		}
		return r
	}
	name, number = strings.Map(harmless, name), strings.Map(harmless, number)
	switch {
	case name == "" && number == "":
		return ""
	case name == "":
		return "<" + number + ">"
	}
	return `"` + name + `" <` + number + ">"
}

// explain mends two answers of Asterisk. A 400 that speaks of the originator is nobody's mistake, but
// a caller who hung up meanwhile. And a 409 may be left over from another command that Asterisk
// carried out in the same thread: it counts only if there is such a channel.
func (c *Client) explain(ctx context.Context, err error, id string) error {
	var failed *Error
	if !errors.As(err, &failed) {
		return err
	}
	switch {
	case failed.Status == http.StatusBadRequest && strings.Contains(strings.ToLower(failed.Message), "originator"):
		failed.Kind = ErrGone
	case failed.Status == http.StatusConflict:
		if _, err := c.Channel(ctx, id); errors.Is(err, ErrGone) {
			failed.Kind = ErrAllocation
		}
	}
	return err
}
