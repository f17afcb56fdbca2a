package twiliosim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twilio/twilio-go/client"

	"centralita/internal/twiliosim"
)

const (
	account = "AC00000000000000000000000000000001"
	token   = "token"
)

// start serves a simulator that talks to webhook.
func start(t *testing.T, opts twiliosim.Options) (*twiliosim.Server, string) {
	t.Helper()
	opts.AccountSID, opts.AuthToken = account, token
	sim := twiliosim.New(opts)
	face := httptest.NewServer(sim)
	t.Cleanup(func() { sim.Close(); face.Close() })
	return sim, face.URL
}

// send posts a message like a client of the API does.
func send(t *testing.T, base string, form url.Values) (*http.Response, []byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/2010-04-01/Accounts/"+account+"/Messages.json", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(account, token)
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return nil, nil, err
	}
	text, err := io.ReadAll(res.Body)
	if closing := res.Body.Close(); closing != nil {
		t.Error(closing)
	}
	return res, text, err
}

func wish() url.Values {
	return url.Values{"To": {"+34600111222"}, "From": {"+15005550006"}, "Body": {"hello"}}
}

func TestCallbacksPassTheOfficialValidator(t *testing.T) {
	validator := client.NewRequestValidator(token)
	statuses := make(chan string, 10)
	var hook *httptest.Server
	hook = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if !validator.ValidateBody(hook.URL+r.URL.RequestURI(), body, r.Header.Get(twiliosim.SignatureHeader)) {
			t.Errorf("the signature of %s is not valid", r.URL)
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			t.Error(err)
		}
		statuses <- r.URL.Path + " " + form.Get("MessageStatus") + form.Get("Body")
	}))
	defer hook.Close()
	sim, base := start(t, twiliosim.Options{WebhookURL: hook.URL})
	form := wish()
	form.Set("StatusCallback", hook.URL+"/s?m=7")
	if _, _, err := send(t, base, form); err != nil {
		t.Fatal(err)
	}
	if _, err := sim.Inbound(t.Context(), "+34600111222", "+15005550006", "¿sí? да"); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 3 {
		select {
		case s := <-statuses:
			seen[s] = true
		case <-time.After(20 * time.Second):
			t.Fatalf("too few callbacks: %v", seen)
		}
	}
	if !seen["/s sent"] || !seen["/s delivered"] || !seen[twiliosim.InboundPath+" ¿sí? да"] {
		t.Errorf("callbacks %v", seen)
	}
}

func TestEveryFaultIsWhatItSays(t *testing.T) {
	sim, base := start(t, twiliosim.Options{Statuses: []string{}})
	for _, c := range []struct {
		kind     twiliosim.FaultKind
		status   int // 0: the connection breaks
		recorded bool
	}{
		{"", 201, true}, {twiliosim.FaultReset, 0, true}, {twiliosim.FaultTruncated, 0, true}, {twiliosim.FaultSlow, 201, true},
		{twiliosim.FaultGateway, 502, true}, {twiliosim.FaultLimited, 429, false}, {twiliosim.FaultUnavailable, 503, false},
		{twiliosim.FaultRefused, 400, false}, {twiliosim.FaultClosed, 0, false},
	} {
		before := len(sim.Outbox())
		sim.Next(twiliosim.Fault{Kind: c.kind, Delay: time.Millisecond})
		res, text, err := send(t, base, wish())
		switch {
		case c.status == 0 && err == nil:
			t.Errorf("%q: answered %d %s", c.kind, res.StatusCode, text)
		case c.status != 0 && (err != nil || res.StatusCode != c.status):
			t.Errorf("%q: %v %v", c.kind, res, err)
		}
		if recorded := len(sim.Outbox()) == before+1; recorded != c.recorded {
			t.Errorf("%q: recorded %v", c.kind, recorded)
		}
	}
	if got := sim.Requests(); got != 9 {
		t.Errorf("%d requests counted", got)
	}
}

func TestOnlyTheAccountMaySendAndOnlyLoopbackMayControl(t *testing.T) {
	var hooked atomic.Int32
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hooked.Add(1) }))
	defer hook.Close()
	sim, _ := start(t, twiliosim.Options{WebhookURL: hook.URL})
	ask := func(method, target, body string, change func(*http.Request)) int {
		req := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		change(req)
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, req)
		return w.Code
	}
	nothing := func(*http.Request) {}
	inbound := `{"from":"+34600111222","to":"+15005550006","body":"hi"}`
	for name, c := range map[string]struct{ got, want int }{
		"no credentials": {ask("POST", "http://localhost/2010-04-01/Accounts/"+account+"/Messages.json", "", nothing), 401},
		"wrong token":    {ask("GET", "http://localhost/2010-04-01/Accounts/"+account+"/Messages.json", "", func(r *http.Request) { r.SetBasicAuth(account, "x") }), 401},
		"rebound name":   {ask("POST", "http://evil.example/sim/inbound", inbound, nothing), 403},
		"foreign form":   {ask("POST", "http://localhost/sim/inbound", inbound, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }), 415},
		"inbound":        {ask("POST", "http://127.0.0.1:8189/sim/inbound", inbound, nothing), 201},
		"unknown fault":  {ask("POST", "http://localhost/sim/faults", `{"faults":[{"kind":"x"}]}`, nothing), 422},
		"fault":          {ask("POST", "http://localhost/sim/faults", `{"faults":[{"kind":"reset"}]}`, nothing), 204},
		"page":           {ask("GET", "http://localhost/", "", nothing), 200},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", name, c.got, c.want)
		}
	}
	if hooked.Load() != 1 {
		t.Errorf("%d inbound hooks", hooked.Load())
	}
}

func TestMessagesCanBeListedAndFetched(t *testing.T) {
	_, base := start(t, twiliosim.Options{Statuses: []string{}})
	_, text, err := send(t, base, wish())
	if err != nil {
		t.Fatal(err)
	}
	var made struct{ SID, Status string }
	if err := json.Unmarshal(text, &made); err != nil || made.Status != "queued" {
		t.Fatalf("%s %v", text, err)
	}
	for _, target := range []string{"Messages.json?To=%2B34600111222", "Messages/" + made.SID + ".json"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/2010-04-01/Accounts/"+account+"/"+target, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(account, token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || !strings.Contains(string(body), made.SID) {
			t.Errorf("%s: %s %v", target, body, err)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
	}
}
