package realtime_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"centralita/realtime"
)

func TestEventsArriveInOrderAfterCommitAndSignalsOnceAfterThem(t *testing.T) {
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{})
	mine, second, others := r.open(1), r.open(1), r.open(2)
	for _, c := range []*tab{mine, second, others} {
		if w := c.hello("", 0); w.Resumed || w.Seq != 0 {
			t.Fatalf("welcome %+v", w)
		}
	}
	err := r.db.InTx(t.Context(), func(ctx context.Context) error {
		if err := r.log.Append(ctx, 1, "first", nil); err != nil {
			return err
		}
		r.log.Signal(ctx, "in.between", nil)
		r.log.Signal(ctx, "in.between", nil)
		if len(mine.frames) != 0 {
			t.Error("a frame came before the commit")
		}
		return r.log.Append(ctx, 1, "second", nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*tab{mine, second} {
		got := []frame{c.next(), c.next(), c.next()}
		want := []frame{{T: "event", Seq: 1, Kind: "first"}, {T: "event", Seq: 2, Kind: "second"}, {T: "signal", Kind: "in.between"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	if f := others.next(); f.T != "signal" {
		t.Errorf("another user got %+v", f)
	}
	if len(others.frames) != 0 {
		t.Error("another user got more")
	}
}

func TestRollbackTellsNobody(t *testing.T) {
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{})
	c := r.open(1)
	c.hello("", 0)
	undo := errors.New("undo")
	err := r.db.InTx(t.Context(), func(ctx context.Context) error {
		r.log.Signal(ctx, "never", nil)
		r.log.KickUser(ctx, 1)
		return errors.Join(r.log.Append(ctx, 1, "never", nil), undo)
	})
	if !errors.Is(err, undo) {
		t.Fatal(err)
	}
	r.append(1, "now")
	if f := c.next(); f.Kind != "now" || f.Seq != 1 {
		t.Errorf("got %+v", f)
	}
}

func TestResumeGivesTheWholeGap(t *testing.T) {
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{})
	first := r.open(1)
	w := first.hello("", 0)
	for range 30 {
		r.append(1, "e")
	}
	first.events(1, 30)
	first.leave()
	again := r.open(1)
	if w := again.hello(w.Epoch, 12); !w.Resumed || w.Seq != 30 {
		t.Fatalf("welcome %+v", w)
	}
	again.events(13, 18)
	r.append(1, "e")
	again.events(31, 1)
}

func TestWhoCannotResumeStartsAnew(t *testing.T) {
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{GapEvents: 10})
	mine, other := r.open(1).hello("", 0).Epoch, r.open(2).hello("", 0).Epoch
	for range 30 {
		r.append(1, "e")
	}
	if _, err := r.db.Conn(t.Context()).Exec(t.Context(), `delete from live_events where seq = 25`); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, hello string
		resumed     bool
	}{
		{"at the end", fmt.Sprintf(`{"t":"hello","epoch":%q,"seq":30}`, mine), true},
		{"a short gap", fmt.Sprintf(`{"t":"hello","epoch":%q,"seq":26}`, mine), true},
		{"first visit", `{"t":"hello","epoch":"","seq":0}`, false},
		{"nothing said", `{"t":"hello"}`, false},
		{"old epoch", `{"t":"hello","epoch":"11111111-1111-1111-1111-111111111111","seq":29}`, false},
		{"epoch that is none", `{"t":"hello","epoch":"'; drop table live_streams;--","seq":29}`, false},
		{"another user's epoch", fmt.Sprintf(`{"t":"hello","epoch":%q,"seq":29}`, other), false},
		{"ahead", fmt.Sprintf(`{"t":"hello","epoch":%q,"seq":31}`, mine), false},
		{"minus one", fmt.Sprintf(`{"t":"hello","epoch":%q,"seq":-1}`, mine), false},
		{"2^63", fmt.Sprintf(`{"t":"hello","epoch":%q,"seq":9223372036854775808}`, mine), false},
		{"2^63-1", fmt.Sprintf(`{"t":"hello","epoch":%q,"seq":%d}`, mine, math.MaxInt64), false},
		{"huge", fmt.Sprintf(`{"t":"hello","epoch":%q,"seq":1e300}`, mine), false},
		{"a fraction", fmt.Sprintf(`{"t":"hello","epoch":%q,"seq":29.5}`, mine), false},
		{"too long a gap", fmt.Sprintf(`{"t":"hello","epoch":%q,"seq":1}`, mine), false},
		{"a pruned gap", fmt.Sprintf(`{"t":"hello","epoch":%q,"seq":24}`, mine), false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := openTab(t, r.hub, realtime.Peer{UserID: 1, SessionID: 10})
			if !c.send(tc.hello) {
				t.Fatal("refused")
			}
			if w := c.next(); w.T != "welcome" || w.Resumed != tc.resumed || w.Epoch != mine || w.Seq != 30 {
				t.Errorf("welcome %+v", w)
			}
			if !tc.resumed && len(c.frames) != 0 {
				t.Errorf("%d more frames came", len(c.frames))
			}
			c.leave()
		})
	}
}

func TestTheOldestTabMakesRoom(t *testing.T) {
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{SocketsPerUser: 3})
	tabs := []*tab{r.open(1), r.open(1), r.open(1), r.open(2), r.open(1)}
	if code := tabs[0].ends(); code != realtime.CloseTooManyTabs {
		t.Errorf("ended with %d", code)
	}
	for _, c := range tabs[1:] {
		c.hello("", 0)
	}
	if st := r.hub.Stats(); st.Sockets != 4 || st.Users != 2 {
		t.Errorf("%+v", st)
	}
}

func TestConnectingTooOftenIsRefused(t *testing.T) {
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{OpenBurst: 3, OpensPerSec: 0.001})
	for range 3 {
		r.open(1).leave()
	}
	if _, err := r.hub.Open(realtime.Peer{UserID: 1}); err == nil {
		t.Error("a fourth connection was admitted")
	}
	r.open(2).hello("", 0)
}

func TestTheProcessAdmitsSoManySockets(t *testing.T) {
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{MaxSockets: 2})
	first := r.open(1)
	r.open(2)
	if _, err := r.hub.Open(realtime.Peer{UserID: 3}); err == nil {
		t.Error("a third socket was admitted")
	}
	first.leave()
	r.open(3).hello("", 0)
}

func TestKicks(t *testing.T) {
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{})
	open := func(userID, sessionID int64) *tab {
		c := openTab(t, r.hub, realtime.Peer{UserID: userID, SessionID: sessionID})
		c.hello("", 0)
		return c
	}
	a1, a2, b1, ungreeted := open(1, 11), open(1, 12), open(2, 21), r.open(1)
	r.log.KickSession(t.Context(), 11)
	if code := a1.ends(); code != realtime.CloseSessionEnded {
		t.Errorf("session: ended with %d", code)
	}
	r.append(1, "still")
	a2.events(1, 1)
	r.log.KickUser(t.Context(), 1)
	for _, c := range []*tab{a2, ungreeted} {
		if code := c.ends(); code != realtime.CloseSessionEnded {
			t.Errorf("user: ended with %d", code)
		}
	}
	if a2.send(`{"t":"receipt"}`) {
		t.Error("an ended socket still takes frames")
	}
	r.append(2, "other")
	b1.events(1, 1)
}

func TestEndedSessionsAreFoundWithoutAKick(t *testing.T) {
	var mu sync.Mutex
	var gone []int64
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{
		CatchUpEvery: 10 * time.Millisecond,
		Ended: func(_ context.Context, asked []int64) ([]int64, error) {
			mu.Lock()
			defer mu.Unlock()
			return slices.DeleteFunc(slices.Clone(asked), func(id int64) bool { return !slices.Contains(gone, id) }), nil
		},
	})
	c, other := r.open(1), r.open(2)
	c.hello("", 0)
	other.hello("", 0)
	mu.Lock()
	gone = []int64{10}
	mu.Unlock()
	if code := c.ends(); code != realtime.CloseSessionEnded {
		t.Errorf("ended with %d", code)
	}
	r.append(2, "e")
	other.events(1, 1)
}

func TestPresenceIsToldInOrder(t *testing.T) {
	var mu sync.Mutex
	var told []string
	note := func(what string) func(int64, int) {
		return func(userID int64, tabs int) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, fmt.Sprintf("%s %d %d", what, userID, tabs))
		}
	}
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{Connected: note("on"), Disconnected: note("off")})
	a, b, silent := r.open(1), r.open(1), r.open(1)
	a.hello("", 0)
	b.hello("", 0)
	silent.leave()
	a.leave()
	b.leave()
	want := []string{"on 1 1", "on 1 2", "off 1 1", "off 1 0"}
	eventually(t, "all hooks", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(told) >= len(want)
	})
	mu.Lock()
	defer mu.Unlock()
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
}

func TestClientFramesReachTheHook(t *testing.T) {
	type actor struct{}
	type got struct {
		from  realtime.Peer
		kind  string
		data  string
		actor any
	}
	inbox := make(chan got, 10)
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{
		Message: func(ctx context.Context, from realtime.Peer, kind string, data []byte) {
			inbox <- got{from, kind, string(data), ctx.Value(actor{})}
		},
	})
	c := r.open(1)
	w := c.hello("", 0)
	text := `{"t":"receipt","seq":4,"stage":"painted","ms":12}`
	if !c.socket.Receive(context.WithValue(t.Context(), actor{}, "me"), []byte(text)) {
		t.Fatal("refused")
	}
	m := <-inbox
	if m.from != (realtime.Peer{UserID: 1, SessionID: 10, Tab: w.Tab}) || m.kind != "receipt" || m.data != text || m.actor != "me" {
		t.Errorf("got %+v", m)
	}
	c.send(`{"t":"ping"}`)
	if f := c.next(); f.T != "pong" {
		t.Errorf("got %+v", f)
	}
}

func TestBadFramesEndTheSocket(t *testing.T) {
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{HelloWithin: time.Minute, OpenBurst: 1000})
	big := `{"t":"x","a":"` + string(make([]byte, realtime.MaxInboundBytes)) + `"}`
	cases := []struct {
		name, text string
		greeted    bool
		want       realtime.CloseCode
	}{
		{"no JSON", "hello", true, realtime.CloseInvalid},
		{"empty", "", true, realtime.CloseInvalid},
		{"an array", `["hello"]`, true, realtime.CloseInvalid},
		{"null", `null`, true, realtime.CloseInvalid},
		{"a string", `"hello"`, true, realtime.CloseInvalid},
		{"no type", `{"seq":1}`, true, realtime.CloseInvalid},
		{"type in capitals", `{"T":"receipt"}`, true, realtime.CloseInvalid},
		{"type of another kind", `{"t":7}`, true, realtime.CloseInvalid},
		{"type with a blank", `{"t":"a b"}`, true, realtime.CloseInvalid},
		{"empty type", `{"t":""}`, true, realtime.CloseInvalid},
		{"long type", `{"t":"` + string(slices.Repeat([]byte("a"), 33)) + `"}`, true, realtime.CloseInvalid},
		{"two values", `{"t":"x"}{"t":"x"}`, true, realtime.CloseInvalid},
		{"bad UTF-8", "{\"t\":\"x\",\"a\":\"\xff\"}", true, realtime.CloseInvalid},
		{"too deep", nested(17), true, realtime.CloseInvalid},
		{"abyss, open", `{"t":"x","a":` + string(slices.Repeat([]byte("["), 10_000)), true, realtime.CloseInvalid},
		{"too big", big, true, realtime.CloseTooBig},
		{"second hello", `{"t":"hello"}`, true, realtime.ClosePolicy},
		{"something before hello", `{"t":"receipt"}`, false, realtime.ClosePolicy},
		{"number as text", `{"t":"hello","seq":"1"}`, false, realtime.CloseInvalid},
		{"number as object", `{"t":"hello","seq":{}}`, false, realtime.CloseInvalid},
		{"epoch as number", `{"t":"hello","epoch":4}`, false, realtime.CloseInvalid},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := openTab(t, r.hub, realtime.Peer{UserID: 1, SessionID: 10})
			if tc.greeted {
				c.hello("", 0)
			}
			if c.send(tc.text) {
				t.Fatal("accepted")
			}
			if code := c.ends(); code != tc.want {
				t.Errorf("ended with %d, want %d", code, tc.want)
			}
		})
	}
	c := r.open(1)
	c.hello("", 0)
	if !c.send(nested(15)) || !c.send(`{"t":"x","a":"`+string(slices.Repeat([]byte("["), 100))+`"}`) {
		t.Error("a good frame was refused")
	}
}

func TestFloodOfFramesEndsTheSocket(t *testing.T) {
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{FrameBurst: 5, FramesPerSec: 0.001})
	c := r.open(1)
	c.hello("", 0)
	for range 10 {
		c.send(`{"t":"receipt"}`)
	}
	if code := c.ends(); code != realtime.ClosePolicy {
		t.Errorf("ended with %d", code)
	}
}

func TestNoHelloInTimeEndsTheSocket(t *testing.T) {
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{HelloWithin: 20 * time.Millisecond})
	if code := r.open(1).ends(); code != realtime.ClosePolicy {
		t.Errorf("ended with %d", code)
	}
	eventually(t, "the user is forgotten", func() bool { return r.hub.Stats().Users == 0 })
}

func TestRunEndsEverySocket(t *testing.T) {
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{})
	ctx, stop := context.WithCancel(t.Context())
	hub := realtime.NewHub(realtimeStore(r), r.bus, realtime.Options{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		hub.Run(ctx)
	}()
	c := openTab(t, hub, realtime.Peer{UserID: 1})
	c.hello("", 0)
	stop()
	if code := c.ends(); code != realtime.CloseGoingAway {
		t.Errorf("ended with %d", code)
	}
	c.leave()
	<-done
	if _, err := hub.Open(realtime.Peer{UserID: 1}); err == nil {
		t.Error("a closed hub admits sockets")
	}
}

func TestTooLargeDataIsRefusedBeforeTheDatabase(t *testing.T) {
	r := newRig(t, realtime.NewLocalBus(), realtime.Options{})
	c := r.open(1)
	c.hello("", 0)
	huge := map[string]string{"a": string(slices.Repeat([]byte("a"), realtime.MaxEventBytes))}
	if err := r.log.Append(t.Context(), 1, "huge", huge); err == nil {
		t.Error("appended")
	}
	if err := r.log.Append(t.Context(), 1, "", nil); err == nil {
		t.Error("appended without a kind")
	}
	if err := r.log.Append(t.Context(), 1, "unencodable", func() {}); err == nil {
		t.Error("appended a function")
	}
	r.log.Signal(t.Context(), "huge", huge)
	r.append(1, "small")
	c.events(1, 1)
}
