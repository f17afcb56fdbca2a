package ari

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"

	arilib "github.com/CyCoreSystems/ari/v5"
)

// wireChannel is a channel as Asterisk 22 writes it; the library's form lacks half of it.
type wireChannel struct {
	ID         string            `json:"id"`
	ProtocolID string            `json:"protocol_id"`
	Name       string            `json:"name"`
	State      string            `json:"state"`
	Caller     wireParty         `json:"caller"`
	Connected  wireParty         `json:"connected"`
	Redirected string            `json:"caller_rdnis"`
	Created    string            `json:"creationtime"`
	Language   string            `json:"language"`
	Vars       map[string]string `json:"channelvars"`
	Dialplan   struct {
		Context string `json:"context"`
		Exten   string `json:"exten"`
		AppName string `json:"app_name"`
		AppData string `json:"app_data"`
	} `json:"dialplan"`
}

type wireParty struct {
	Name   string `json:"name"`
	Number string `json:"number"`
}

const linkedIDVariable = "CHANNEL(linkedid)"

func (w *wireChannel) channel() Channel {
	return Channel{
		ID: w.ID, ProtocolID: w.ProtocolID, Name: w.Name, State: w.State,
		CallerNumber: w.Caller.Number, CallerName: w.Caller.Name,
		ConnectedNumber: w.Connected.Number, ConnectedName: w.Connected.Name,
		RedirectedFrom: w.Redirected, Context: w.Dialplan.Context, Exten: w.Dialplan.Exten,
		AppName: w.Dialplan.AppName, AppData: w.Dialplan.AppData, Language: w.Language,
		Created: parseTime(w.Created), LinkedID: w.Vars[linkedIDVariable], Vars: w.Vars,
	}
}

// wireEvent is the union of the fields that we read of any event.
type wireEvent struct {
	Type        string              `json:"type"`
	Application string              `json:"application"`
	Timestamp   string              `json:"timestamp"`
	Channel     wireChannel         `json:"channel"`
	Peer        json.RawMessage     `json:"peer"`   // a channel in Dial, something else in PeerStatusChange
	Caller      json.RawMessage     `json:"caller"` // a channel in Dial, a number in CallBroadcast
	Called      string              `json:"called"`
	Replaces    wireChannel         `json:"replace_channel"`
	Args        []string            `json:"args"`
	Bridge      arilib.BridgeData   `json:"bridge"`
	Playback    arilib.PlaybackData `json:"playback"`
	Cause       int                 `json:"cause"`
	TechCause   int                 `json:"tech_cause"`
	DialStatus  string              `json:"dialstatus"`
	Digit       string              `json:"digit"`
	DurationMS  int64               `json:"duration_ms"`
	Endpoint    arilib.EndpointData `json:"endpoint"`
	Contact     struct {
		URI    string `json:"uri"`
		Status string `json:"contact_status"`
	} `json:"contact_info"`
	Winner string `json:"winner_app"`
	Name   string `json:"eventname"`
}

var errNoType = errors.New("event without a type")

// decode reads one message of the event socket. A field of the wrong shape is left empty; only
// what is not JSON or has no type is an error. app is the application it was sent to.
func decode(raw []byte) (event Event, app string, err error) {
	var w wireEvent
	if err := json.Unmarshal(clean(raw), &w); err != nil && !tolerable(err) {
		return Event{}, "", err
	}
	if w.Type == "" {
		return Event{}, "", errNoType
	}
	event = Event{
		Type: w.Type, Time: parseTime(w.Timestamp), Channel: w.Channel.channel(), Replaces: w.Replaces.channel(),
		Args: w.Args, Bridge: bridgeOf(w.Bridge), Playback: playbackOf(w.Playback), Cause: w.Cause, TechCause: w.TechCause,
		DialStatus: w.DialStatus, Digit: w.Digit, Duration: time.Duration(w.DurationMS) * time.Millisecond,
		Endpoint: endpointOf(w.Endpoint), ContactURI: w.Contact.URI, ContactStatus: w.Contact.Status,
		Called: w.Called, Winner: w.Winner, Name: w.Name,
	}
	switch w.Type {
	case Dial:
		event.Channel, event.Caller = channelIn(w.Peer), channelIn(w.Caller)
	case CallBroadcast:
		event.Calling = stringIn(w.Caller)
	}
	return event, w.Application, nil
}

func channelIn(raw json.RawMessage) Channel {
	var w wireChannel
	if len(raw) == 0 || (json.Unmarshal(raw, &w) != nil && w.ID == "") {
		return Channel{}
	}
	return w.channel()
}

func stringIn(raw json.RawMessage) string {
	var s string
	if len(raw) == 0 || json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// tolerable: JSON in which single fields have another type than expected; the others are read.
func tolerable(err error) bool {
	var shape *json.UnmarshalTypeError
	return errors.As(err, &shape)
}

// parseTime reads Asterisk's time; zero when it cannot be read.
func parseTime(s string) time.Time {
	t, err := time.Parse(arilib.DateFormat, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// clean drops NUL, plain or escaped, which PostgreSQL's texts refuse. Invalid UTF-8 and lone
// surrogates are made U+FFFD by the JSON decoder.
func clean(raw []byte) []byte {
	if bytes.IndexByte(raw, 0) < 0 && !bytes.Contains(raw, []byte(`\u0000`)) {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		switch {
		case raw[i] == 0:
		case raw[i] != '\\' || i+1 == len(raw):
			out = append(out, raw[i])
		case bytes.HasPrefix(raw[i:], []byte(`\u0000`)):
			i += len(`\u0000`) - 1
		default: // an escape of two characters, so that \\u0000 stays what it is
			out = append(out, raw[i], raw[i+1])
			i++
		}
	}
	return out
}
