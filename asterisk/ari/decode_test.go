package ari

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const channelJSON = `{"id":"1700000000.7","protocol_id":"abc@host","name":"PJSIP/a-b-00000001","state":"Ring",` +
	`"caller":{"name":"Ivan","number":"+7916"},"connected":{"name":"Ann","number":"1"},"caller_rdnis":"800",` +
	`"dialplan":{"context":"from-trunk","exten":"911","priority":4,"app_name":"Stasis","app_data":"x"},` +
	`"creationtime":"2026-11-23T20:38:36.806+0000","language":"es","channelvars":{"CHANNEL(linkedid)":"1700000000.6","CRM_CALL":"9"}}`

var channel = Channel{
	ID: "1700000000.7", ProtocolID: "abc@host", Name: "PJSIP/a-b-00000001", State: "Ring", CallerNumber: "+7916", CallerName: "Ivan",
	ConnectedNumber: "1", ConnectedName: "Ann", RedirectedFrom: "800", Context: "from-trunk", Exten: "911", AppName: "Stasis",
	AppData: "x", Language: "es", Created: time.Date(2026, 11, 23, 20, 38, 36, 806e6, time.UTC), LinkedID: "1700000000.6",
	Vars: map[string]string{"CHANNEL(linkedid)": "1700000000.6", "CRM_CALL": "9"},
}

func TestDecode(t *testing.T) {
	cases := []struct {
		name, json string
		want       Event
	}{
		{"start", `{"type":"StasisStart","args":["agent","7"],"channel":` + channelJSON + `,"replace_channel":{"id":"old"}}`,
			Event{Type: StasisStart, Args: []string{"agent", "7"}, Channel: channel, Replaces: Channel{ID: "old"}}},
		{"broadcast", `{"type":"CallBroadcast","channel":` + channelJSON + `,"caller":"+7916","called":"911"}`,
			Event{Type: CallBroadcast, Channel: channel, Calling: "+7916", Called: "911"}},
		{"claimed", `{"type":"CallClaimed","channel":{"id":"1"},"winner_app":"crm-2"}`,
			Event{Type: CallClaimed, Channel: Channel{ID: "1"}, Winner: "crm-2"}},
		{"dial", `{"type":"Dial","dialstatus":"BUSY","peer":` + channelJSON + `,"caller":{"id":"c"}}`,
			Event{Type: Dial, DialStatus: "BUSY", Channel: channel, Caller: Channel{ID: "c"}}},
		{"dial of nobody", `{"type":"Dial","dialstatus":"","peer":null}`, Event{Type: Dial}},
		{"destroyed", `{"type":"ChannelDestroyed","cause":17,"cause_txt":"User busy","tech_cause":486,"channel":{"id":"1"}}`,
			Event{Type: ChannelDestroyed, Cause: 17, TechCause: 486, Channel: Channel{ID: "1"}}},
		{"digit", `{"type":"ChannelDtmfReceived","digit":"#","duration_ms":120,"channel":{"id":"1"}}`,
			Event{Type: ChannelDtmfReceived, Digit: "#", Duration: 120 * time.Millisecond, Channel: Channel{ID: "1"}}},
		{"bridge", `{"type":"ChannelLeftBridge","bridge":{"id":"b","bridge_type":"mixing","channels":["1"]},"channel":{"id":"2"}}`,
			Event{Type: ChannelLeftBridge, Bridge: Bridge{ID: "b", Type: "mixing", Channels: []string{"1"}}, Channel: Channel{ID: "2"}}},
		{"contact", `{"type":"ContactStatusChange","endpoint":{"technology":"PJSIP","resource":"a"},"contact_info":{"uri":"sip:a@x","contact_status":"Removed"}}`,
			Event{Type: ContactStatusChange, Endpoint: Endpoint{Technology: "PJSIP", Resource: "a"}, ContactURI: "sip:a@x", ContactStatus: "Removed"}},
		{"peer that is no channel", `{"type":"PeerStatusChange","peer":{"peer_status":"x","port":1},"endpoint":{"resource":"a"}}`,
			Event{Type: "PeerStatusChange", Endpoint: Endpoint{Resource: "a"}}},
		{"playback", `{"type":"PlaybackFinished","playback":{"id":"p","media_uri":"sound:x","state":"done","target_uri":"channel:1"}}`,
			Event{Type: PlaybackFinished, Playback: Playback{ID: "p", Media: "sound:x", State: "done", TargetURI: "channel:1"}}},
		{"no channel", `{"type":"StasisStart","args":[]}`, Event{Type: StasisStart, Args: []string{}}},
		{"caller null", `{"type":"StasisEnd","channel":{"id":"1","caller":null}}`, Event{Type: StasisEnd, Channel: Channel{ID: "1"}}},
		{"fields of another shape", `{"type":"StasisEnd","cause":"16","args":"x","channel":{"id":"1","channelvars":[]}}`,
			Event{Type: StasisEnd, Channel: Channel{ID: "1"}}},
		{"fields nobody knows", `{"type":"StasisEnd","wings":{"count":2},"channel":{"id":"1","legs":2}}`, Event{Type: StasisEnd, Channel: Channel{ID: "1"}}},
		{"time of another shape", `{"type":"StasisEnd","timestamp":"yesterday"}`, Event{Type: StasisEnd}},
		{"time of 1970", `{"type":"StasisEnd","timestamp":"1970-01-01T00:00:00.000+0000"}`, Event{Type: StasisEnd, Time: time.Unix(0, 0).UTC()}},
		{"NUL", `{"type":"StasisEnd","channel":{"id":"1","caller":{"name":"a\u0000b\\u0000c","number":"\u0000"}}}`,
			Event{Type: StasisEnd, Channel: Channel{ID: "1", CallerName: `ab\u0000c`}}},
		{"invalid UTF-8", "{\"type\":\"StasisEnd\",\"channel\":{\"id\":\"1\",\"caller\":{\"name\":\"a\xffb\"}}}",
			Event{Type: StasisEnd, Channel: Channel{ID: "1", CallerName: "a\uFFFDb"}}},
		{"lone surrogate", `{"type":"StasisEnd","channel":{"id":"1","caller":{"name":"\ud800x"}}}`,
			Event{Type: StasisEnd, Channel: Channel{ID: "1", CallerName: "\uFFFDx"}}},
	}
	utc := cmp.Transformer("UTC", func(t time.Time) int64 { return t.UnixNano() })
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := decode([]byte(c.json))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, utc); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := channel.Endpoint(); got != "PJSIP/a-b" {
		t.Errorf("endpoint %q", got)
	}
}

// Nothing that arrives makes it panic, and no text of it holds what PostgreSQL refuses.
func TestDecodeAnything(t *testing.T) {
	piece := rapid.OneOf(rapid.SampledFrom([]string{`{"type":"StasisStart"`, `,"channel":`, channelJSON, `{"id":"`, `"`, `}`, `\u0000`,
		`\\u0000`, `\`, "\x00", "\xff", `,"caller":`, `null`, `[`, `,"args":["`, `"]`}), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		raw := strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces"), "")
		event, _, err := decode([]byte(raw))
		if err != nil {
			return
		}
		for _, text := range append([]string{event.Type, event.Channel.ID, event.Channel.CallerName, event.Digit, event.Name}, event.Args...) {
			if strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
				t.Errorf("%q from %q", text, raw)
			}
		}
	})
}

func TestCleanKeepsWhatIsNotNUL(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		if strings.Contains(s, `\u0000`) || strings.ContainsRune(s, 0) {
			return
		}
		if got := string(clean([]byte(s))); got != s {
			t.Errorf("%q became %q", s, got)
		}
	})
}

func TestCallerIDCannotBreakOut(t *testing.T) {
	for _, c := range []struct{ name, number, want string }{
		{"", "", ""}, {"", "1", "<1>"}, {"Ann", "1", `"Ann" <1>`}, {"Иван", "", `"Иван" <>`},
		{`a" <2>`, "1>\r\nX: y", `"a 2" <1X: y>`},
	} {
		if got := callerID(c.name, c.number); got != c.want {
			t.Errorf("callerID(%q, %q) = %q, want %q", c.name, c.number, got, c.want)
		}
	}
}
