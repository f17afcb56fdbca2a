package asterisk_test

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"centralita/asterisk"
	"centralita/asterisk/ari"
	"centralita/asterisk/asterisktest"
	"centralita/asterisk/cel"
	"centralita/internal/siptest"
)

func TestClaimedCallNeverEntersTheFallback(t *testing.T) {
	config := asterisktest.Start(t).Config()
	client, stream := listen(t, config, "crm-a")
	ua := open(t, config, siptest.Config{Tone: 500})
	ctx := context.Background()

	ends := []struct {
		name string
		end  func(t *testing.T, channelID string, call *siptest.Call)
	}{
		{"we hang up an answered call", func(t *testing.T, id string, call *siptest.Call) {
			do(t, client.Answer(ctx, id))
			do(t, call.WaitAnswered(within(t)))
			do(t, client.Hangup(ctx, id, ari.ReasonNormal))
		}},
		{"the caller hangs up an answered call", func(t *testing.T, id string, call *siptest.Call) {
			do(t, client.Answer(ctx, id))
			do(t, call.WaitAnswered(within(t)))
			do(t, call.Hangup(within(t)))
		}},
		{"the caller gives up while it rings", func(t *testing.T, id string, call *siptest.Call) {
			do(t, client.Ring(ctx, id))
			do(t, call.WaitRinging(within(t)))
			do(t, call.Hangup(within(t)))
		}},
		{"we refuse it as busy", func(t *testing.T, id string, call *siptest.Call) {
			do(t, client.Hangup(ctx, id, ari.ReasonBusy))
			if end := ended(t, call); end.Status != 486 {
				t.Errorf("ended %v, want 486", end)
			}
		}},
	}
	for _, c := range ends {
		t.Run(c.name, func(t *testing.T) {
			call := place(t, ua, siptest.Invite{From: "+34600111222", To: "+34911222333"})
			broadcast := await(t, stream, "broadcast", of(ari.CallBroadcast, call))
			if ch := broadcast.Channel; ch.Exten != "+34911222333" || ch.CallerNumber != "+34600111222" || ch.Context != "from-trunk" {
				t.Errorf("broadcast channel %+v", ch)
			}
			id := broadcast.Channel.ID
			do(t, client.Claim(ctx, id))
			await(t, stream, "start", of(ari.StasisStart, call))
			c.end(t, id, call)
			await(t, stream, "end", of(ari.StasisEnd, call))
			ended(t, call)
			asterisktest.Quiet(t, client)
			awaitRow(t, config, "the end of the call", func(r cel.Row) bool { return r.Type == cel.LinkedIDEnd && r.UniqueID == id })
			all := rows(t, config)
			if n := count(all, userRow(cel.Fallback, id)); n != 0 {
				t.Errorf("%d fall-back rows for a claimed call", n)
			}
			for _, kind := range []string{cel.ChannelStart, cel.Hangup, cel.ChannelEnd} {
				if n := count(all, func(r cel.Row) bool { return r.Type == kind && r.UniqueID == id }); n != 1 {
					t.Errorf("%d rows of %s, want 1", n, kind)
				}
			}
		})
	}
}

// do fails the test on an error.
func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestUnclaimedCallIsAnsweredInTime(t *testing.T) {
	config := asterisktest.Start(t, func(c *asterisk.Config) { c.Language = "es" }).Config()
	ua := open(t, config, siptest.Config{Tone: 500})

	fallBack := func(t *testing.T) *siptest.Call {
		began := time.Now()
		call := place(t, ua, siptest.Invite{From: "+34600111222", To: "911222333"})
		do(t, call.WaitAnswered(within(t)))
		if waited := time.Since(began); waited > 2500*time.Millisecond {
			t.Errorf("the caller waited %v", waited)
		} else {
			t.Logf("answered after %v", waited)
		}
		return call
	}
	t.Run("no application was ever there", func(t *testing.T) {
		call := fallBack(t)
		client := asterisktest.Client(t, config, "crm-a")
		channels, err := client.Channels(context.Background())
		do(t, err)
		if len(channels) != 1 {
			t.Fatalf("channels %+v", channels)
		}
		row := awaitRow(t, config, "the fall-back", userRow(cel.Fallback, channels[0].ID))
		if row.Text() != "TIMEOUT" || row.CallerNumber != "+34600111222" {
			t.Errorf("row %+v", row)
		}
		do(t, call.Hangup(within(t)))
		asterisktest.Quiet(t, client)
	})
	t.Run("the application is deaf", func(t *testing.T) {
		client, stream := listen(t, config, "crm-a")
		call := fallBack(t)
		id := await(t, stream, "broadcast", of(ari.CallBroadcast, call)).Channel.ID
		if err := client.Claim(context.Background(), id); ari.KindOf(err) != ari.ErrGone {
			t.Errorf("late claim: %v, want gone", err)
		}
		awaitRow(t, config, "the fall-back", userRow(cel.Fallback, id))
		do(t, call.Hangup(within(t)))
		asterisktest.Quiet(t, client)
	})
	t.Run("the message is recorded", func(t *testing.T) {
		client, stream := listen(t, config, "crm-b")
		call := fallBack(t)
		id := await(t, stream, "broadcast", of(ari.CallBroadcast, call)).Channel.ID
		row := awaitRow(t, config, "the message", userRow(cel.Voicemail, id))
		if _, err := call.Listen(within(t), time.Second); err != nil {
			t.Error(err)
		}
		do(t, call.Hangup(within(t)))
		asterisktest.Quiet(t, client)
		spoke := awaitRow(t, config, "the end", func(r cel.Row) bool { return r.Type == cel.ChannelEnd && r.UniqueID == id })
		caller, prompt := recording(t, config, id)
		if talk := spoke.Time.Sub(row.Time); talk < time.Second || loud(caller[len(caller)-4000:]) == 0 {
			t.Errorf("message of %v not heard in the recording", talk)
		}
		if loud(prompt) < 8000 { // one second of speech, at the least
			t.Error("the prompt was not spoken")
		}
	})
	messages, err := os.ReadFile(config.Paths().Messages)
	do(t, err)
	if strings.Contains(string(messages), "does not exist") || strings.Contains(string(messages), "ERROR") {
		t.Errorf("Asterisk complains:\n%s", messages)
	}
}

// recording reads the two channels of a call's recording.
func recording(t *testing.T, config asterisk.Config, uniqueID string) (left, right []int16) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(config.Paths().Recordings, uniqueID+".raw"))
	do(t, err)
	for i := 0; i+4 <= len(content); i += 4 {
		left = append(left, int16(binary.LittleEndian.Uint16(content[i:])))
		right = append(right, int16(binary.LittleEndian.Uint16(content[i+2:])))
	}
	return left, right
}

// loud counts the samples that are not silence.
func loud(samples []int16) (n int) {
	for _, s := range samples {
		if s > 300 || s < -300 {
			n++
		}
	}
	return n
}

// A caller may dial anything, also what the dialplan itself uses.
func TestAnyDialledStringReachesTheApplication(t *testing.T) {
	config := asterisktest.Start(t).Config()
	client, stream := listen(t, config, "crm-a")
	ua := open(t, config, siptest.Config{})
	dialled := []struct{ sent, seen string }{
		{"+34911222333", "+34911222333"},
		{"911222333", "911222333"},
		{"reception", "reception"},
		{"100&PJSIP%2Ftrunk%2F0019005551212", "100&PJSIP/trunk/0019005551212"},
		{"1;ext=2", "1;ext=2"},
		{"a%2Cb%20c%22d", `a,b c"d`},
		{"%24%7BEXTEN%7D", "${EXTEN}"},
		{"%24%7BSHELL(touch%20%2Ftmp%2Fowned)%7D", "${SHELL(touch /tmp/owned)}"},
		{"%D0%98%D0%B2%D0%B0%D0%BD", "Иван"},
		{"s", "s"}, {"i", "i"}, {"t", "t"}, {"fax", "fax"},
		// These two are Asterisk's own; the call arrives, what was dialled is lost.
		{"h", "s"}, {"T", "s"},
		{strings.Repeat("1", 79), strings.Repeat("1", 79)},
	}
	for _, d := range dialled {
		t.Run(d.sent, func(t *testing.T) {
			call := place(t, ua, siptest.Invite{From: "+34600111222", To: d.sent})
			event := await(t, stream, "broadcast", of(ari.CallBroadcast, call))
			if event.Channel.Exten != d.seen {
				t.Errorf("dialled string %q, want %q", event.Channel.Exten, d.seen)
			}
			do(t, client.Claim(context.Background(), event.Channel.ID))
			do(t, client.Hangup(context.Background(), event.Channel.ID, ari.ReasonNormal))
			ended(t, call)
		})
	}
	asterisktest.Quiet(t, client)
	starts := count(rows(t, config), func(r cel.Row) bool { return r.Type == cel.ChannelStart })
	if starts != len(dialled) {
		t.Errorf("%d calls in the event log, %d placed", starts, len(dialled))
	}
}

// Whatever a caller calls itself, the application and the event log see the same one call.
func TestHostileCallers(t *testing.T) {
	config := asterisktest.Start(t).Config()
	client, stream := listen(t, config, "crm-a")
	ua := open(t, config, siptest.Config{})
	callers := []struct{ name, from, number, display string }{
		{"plain", `"Ivan" <sip:+79161234567@127.0.0.1>`, "+79161234567", "Ivan"},
		{"anonymous", `"Anonymous" <sip:anonymous@anonymous.invalid>`, "anonymous", "Anonymous"},
		{"no user", `<sip:127.0.0.1>`, "", ""},
		{"SQL", `"Robert'); DROP TABLE calls;--" <sip:1@127.0.0.1>`, "1", "Robert'); DROP TABLE calls;--"},
		{"HTML", `"<img src=x onerror=alert(1)>" <sip:%3Cscript%3E@127.0.0.1>`, "<script>", "<img src=x onerror=alert(1)>"},
		{"dial string", `<sip:100&PJSIP%2Ftrunk%2F0019005551212@127.0.0.1>`, "100&PJSIP/trunk/0019005551212", ""},
		{"shell", "\"$(id);`id`\" <sip:1%3Bid@127.0.0.1>", "1", "$(id);`id`"},
		{"dialplan", `"${SHELL(id)}" <sip:%24%7BSHELL(id)%7D@127.0.0.1>`, "${SHELL(id)}", "${SHELL(id)}"},
		{"line break in the number", `<sip:1%0D%0A2@127.0.0.1>`, "1\r\n2", ""},
		{"row of the event log", `"02:00:00:00:00:00" <sip:CHAN_START%22%2C%222026@127.0.0.1>`, `CHAN_START","2026`, "02:00:00:00:00:00"},
		{"Cyrillic", `"Иван Петров" <sip:2@127.0.0.1>`, "2", "Иван Петров"},
		{"emoji", `"📞😀" <sip:3@127.0.0.1>`, "3", "📞😀"},
		{"cp1251", "\"\xc8\xe2\xe0\xed\" <sip:4@127.0.0.1>", "4", "����"},
		{"long", `"` + strings.Repeat("n", 1024) + `" <sip:5@127.0.0.1>`, "5", strings.Repeat("n", 79)},
	}
	for _, c := range callers {
		t.Run(c.name, func(t *testing.T) {
			call := place(t, ua, siptest.Invite{RawFrom: c.from, To: "911"})
			event := await(t, stream, "broadcast", of(ari.CallBroadcast, call))
			if event.Channel.CallerNumber != c.number || event.Channel.CallerName != c.display {
				t.Errorf("caller %q %q, want %q %q", event.Channel.CallerNumber, event.Channel.CallerName, c.number, c.display)
			}
			id := event.Channel.ID
			row := awaitRow(t, config, "the call", func(r cel.Row) bool { return r.Type == cel.ChannelStart && r.UniqueID == id })
			// The CSV reader makes one line break of two.
			if number := strings.ReplaceAll(c.number, "\r\n", "\n"); row.CallerNumber != number || row.Exten != "911" {
				t.Errorf("row %+v", row)
			}
			do(t, client.Claim(context.Background(), id))
			do(t, client.Hangup(context.Background(), id, ari.ReasonNormal))
			ended(t, call)
		})
	}
	asterisktest.Quiet(t, client)
	if starts := count(rows(t, config), func(r cel.Row) bool { return r.Type == cel.ChannelStart }); starts != len(callers) {
		t.Errorf("%d calls in the event log, %d placed", starts, len(callers))
	}
	files, err := os.ReadDir(config.Paths().Recordings)
	do(t, err)
	for _, file := range files {
		if strings.Trim(file.Name(), "0123456789.raw") != "" {
			t.Errorf("recording named %q", file.Name())
		}
	}
}
