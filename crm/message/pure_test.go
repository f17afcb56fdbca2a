package message_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"centralita/crm/message"
)

func TestSegments(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "hello": 1, strings.Repeat("a", 160): 1, strings.Repeat("a", 161): 2, strings.Repeat("a", 306): 2, strings.Repeat("a", 307): 3,
		strings.Repeat("€", 80): 1, strings.Repeat("€", 81): 2, "ñandú": 1, strings.Repeat("ж", 70): 1, strings.Repeat("ж", 71): 2,
		strings.Repeat("ж", 134): 2, strings.Repeat("ж", 135): 3, strings.Repeat("😀", 35): 1, strings.Repeat("😀", 36): 2,
		// A pair or an escape that would straddle the seam moves to the next part.
		strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152): 3, strings.Repeat("ж", 66) + "😀" + strings.Repeat("ж", 66): 3,
		"ё" + strings.Repeat("a", 69): 1, "ё" + strings.Repeat("a", 70): 2,
	} {
		if got := message.Segments(text); got != want {
			t.Errorf("%.20q… (%d): %d segments, want %d", text, len(text), got, want)
		}
	}
}

func TestSegmentsNeverShrinkWithMoreText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		if message.Segments(a+b) < message.Segments(a) {
			t.Fatalf("%q with %q takes fewer", a, b)
		}
	})
}

func TestWordsThatBind(t *testing.T) {
	for _, stop := range []string{
		"STOP", "stop", " Stop. ", "«СТОП»", "стоп!", "Baja", "BAJA ", "parar", "UNSUBSCRIBE", "Отписаться", "stop all", "отмена", "Alto", "Dar se de baja",
	} {
		if !message.IsStop(stop) || message.IsStart(stop) {
			t.Errorf("%q does not stop", stop)
		}
	}
	for _, start := range []string{"START", "start.", "СТАРТ", "Alta", "unstop", "YES"} {
		if !message.IsStart(start) || message.IsStop(start) {
			t.Errorf("%q does not start", start)
		}
	}
	for _, neither := range []string{"", "please stop by the shop", "don't stop", "не стоп, а пауза", "bajamos a las 10", "1", strings.Repeat("stop", 400)} {
		if message.IsStop(neither) || message.IsStart(neither) {
			t.Errorf("%q binds", neither)
		}
	}
}

func TestValuesAreNeverReadAsPlaceholders(t *testing.T) {
	fragment := rapid.SampledFrom([]string{"{client_name}", "{firm}", "{manager}", "{{", "}", "{", "{unknown}", "Иван", " ", "$1", "%s", "{date}"})
	value := rapid.Custom(func(t *rapid.T) string {
		return "v" + strings.Join(rapid.SliceOfN(fragment, 0, 6).Draw(t, "v"), "") + "v"
	})
	rapid.Check(t, func(t *rapid.T) {
		v := message.Values{ClientName: value.Draw(t, "client"), Firm: value.Draw(t, "firm"), Manager: value.Draw(t, "manager"), At: time.Unix(0, 0)}
		got := message.Template{Locale: "en", Body: "<{client_name}|{firm}|{manager}|{nonsense}|{ client_name }>"}.Render(v)
		want := "<" + v.ClientName + "|" + v.Firm + "|" + v.Manager + "|{nonsense}|{ client_name }>"
		if got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func TestDatesAreWrittenInTheTemplatesLanguage(t *testing.T) {
	at := time.Date(2026, 11, 24, 9, 5, 0, 0, time.UTC)
	for locale, want := range map[string]string{"en": "24 Nov 2026 09:05", "es": "24/11/2026 09:05", "ru": "24.11.2026 09:05"} {
		if got := (message.Template{Locale: locale, Body: "{date} {time}"}).Render(message.Values{At: at}); got != want {
			t.Errorf("%s: %q, want %q", locale, got, want)
		}
	}
}

func TestHostileValuesStayOneLineOfText(t *testing.T) {
	got := message.Template{Body: "{client_name}"}.Render(message.Values{ClientName: "a\r\nb\x00\u202ec" + strings.Repeat("x", 5000)})
	if strings.ContainsAny(got, "\r\n\x00\u202e") || len([]rune(got)) > 200 {
		t.Errorf("%q", got)
	}
}
