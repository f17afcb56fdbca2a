package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"centralita/internal/e2e"
	"centralita/internal/siptest"
	"centralita/realtime/redisbus/redistest"
)

// firm is a product with two servers that share the work over Redis.
type firm struct {
	*e2e.Product
	redis  *redistest.Server
	second *e2e.Server
}

func (f firm) with(t *testing.T) firm { return firm{f.For(t), f.redis, f.second} }

// TestTwoServers is a firm with two servers and a Redis between them.
func TestTwoServers(t *testing.T) {
	redis := redistest.Start(t)
	p := e2e.Start(t, e2e.Options{Env: []string{"REDIS_URL=" + redis.URL()}})
	f := firm{p, redis, p.SecondServer()}
	for _, s := range []struct {
		name     string
		scenario func(*testing.T, firm)
	}{
		{"pops cross the servers", popsCross},
		{"wishes cross the servers", wishesCross},
		{"without Redis", withoutRedis},
		{"a server dies and the other takes over", takeover},
		{"rolling restarts", rollingRestarts},
		{"no call is lost", noCallIsLost},
	} {
		ok := t.Run(s.name, func(t *testing.T) {
			f := f.with(t)
			s.scenario(t, f)
			f.Settled()
		})
		if !ok {
			return
		}
	}
}

// line opens a line that both servers know of, and waits until they know its members.
func (f firm) line(t *testing.T, members ...*e2e.Agent) e2e.Line {
	t.Helper()
	for _, m := range members {
		f.available(m)
	}
	line := f.OpenLine(members, nil)
	there := f.As("admin").Via(f.second)
	type state struct {
		QueueID int64 `json:"queue_id"`
		In      int
	}
	e2e.Eventually(t, 10*time.Second, "the other server knows the queue's people", func() error {
		states := e2e.Get[e2e.Page[state]](there, "/queues/now").Items
		if !slices.Contains(states, state{line.Entry.ID, len(members)}) {
			return fmt.Errorf("it knows %v", states)
		}
		return nil
	})
	e2e.Eventually(t, 10*time.Second, "the other server knows the line", func() error {
		for _, l := range e2e.Get[e2e.Page[e2e.Line]](there, "/lines").Items {
			if l.ID == line.ID {
				return nil
			}
		}
		return fmt.Errorf("it does not know %d", line.ID)
	})
	return line
}

// available returns when both servers think that the agent is.
func (f firm) available(a *e2e.Agent) {
	a.Await("available")
	there := *a
	there.Person = a.Via(f.second)
	there.Await("available")
}

// shown makes sure that a call is shown once in each of the tabs, and taken away once.
func (f firm) shown(t *testing.T, line e2e.Line, tabs ...*e2e.Live) {
	t.Helper()
	from := e2e.NewNumber()
	c := f.Call(line, from)
	for n, tab := range tabs {
		pop := tab.WaitPop(20*time.Second, from)
		if got := tab.Pops(pop.Call.ID); got != 1 {
			t.Errorf("tab %d saw %d pops", n, got)
		}
	}
	f.Must(c.Hangup(f.Within(10 * time.Second)))
	for _, tab := range tabs {
		pop := tab.WaitPop(time.Second, from)
		tab.WaitWithdrawn(20*time.Second, pop.Call.ID)
		if got := tab.Pops(pop.Call.ID); got != 1 {
			t.Errorf("%d pops", got)
		}
	}
	f.Booked(from)
}

// popsCross: whichever server has the call, both servers' browsers are told.
func popsCross(t *testing.T, f firm) {
	agent := f.Hire(siptest.Ring()).Ready()
	line := f.line(t, agent)
	here, there := agent.Live(), agent.Via(f.second).Live()
	owners := map[string]int{}
	for range size(8, 200) {
		f.shown(t, line, here, there)
		f.available(agent)
	}
	type owner struct {
		Name  string
		Calls int
	}
	for _, o := range e2e.Query[owner](f.Product, `select owner, count(*)::int from calls where line_id = $1 group by owner`, line.ID) {
		owners[o.Name] = o.Calls
	}
	t.Logf("calls by server: %v", owners)
}

// wishesCross: an agent whose browser talks to one server controls the calls that the other one has.
func wishesCross(t *testing.T, f firm) {
	talks := converse(t, f.Product, size(4, 20), func(a *e2e.Agent) e2e.Line { return f.line(t, a) })
	for _, k := range talks {
		other := *k
		agent := *k.agent
		owner := e2e.Query[string](f.Product, `select owner from calls where caller_raw = $1`, k.from)[0]
		if owner != "2" {
			agent.Person = k.agent.Via(f.second)
		}
		other.agent = &agent
		takenOver(t, f.Product, &other)
		if call, _ := f.Booked(k.from); call.Outcome != "answered" || call.EndedBy != "agent" {
			t.Errorf("%+v", call)
		}
		if now := e2e.Query[string](f.Product, `select owner from calls where caller_raw = $1`, k.from)[0]; now != owner {
			t.Errorf("the call of server %s is server %s's now", owner, now)
		}
	}
}

// withoutRedis: while Redis is dead, comes back empty, or loses everything, people sign in, calls reach them and
// their browsers at both servers.
func withoutRedis(t *testing.T, f firm) {
	agent := f.Hire(siptest.Ring()).Ready()
	line := f.line(t, agent)
	here, there := agent.Live(), agent.Via(f.second).Live()
	f.redis.Kill()
	f.shown(t, line, here, there)
	f.available(agent)
	newcomer := f.Hire(siptest.AnswerAfter(0)).Ready() // signs in, too
	from := e2e.NewNumber()
	c := f.Call(f.line(t, newcomer), from)
	f.Must(c.WaitHears(f.Within(20*time.Second), e2e.AgentTone))
	talk(f.Product, c)
	f.redis.Restart()
	f.redis.FlushAll()
	f.Must(c.Hangup(f.Within(10 * time.Second)))
	if call, _ := f.Booked(from); call.Outcome != "answered" {
		t.Errorf("%+v", call)
	}
	for range 3 {
		f.shown(t, line, here, there)
		f.available(agent)
		f.redis.FlushAll()
	}
	f.redis.Stop() // hung: sockets stay open, nothing answers
	f.shown(t, line, here, there)
	f.redis.Continue()
	f.available(agent)
}

// takeover: the conversations of a server that died are the other one's within seconds.
func takeover(t *testing.T, f firm) {
	talks := converse(t, f.Product, size(4, 20), func(a *e2e.Agent) e2e.Line { return f.line(t, a) })
	for i, k := range talks {
		owner := e2e.Query[string](f.Product, `select owner from calls where caller_raw = $1`, k.from)
		t.Logf("conversation %d is at server %v", i, owner)
	}
	up := f.Down("server")
	defer up()
	for _, k := range talks {
		other := *k
		agent := *k.agent
		agent.Person = k.agent.Via(f.second)
		other.agent = &agent
		takenOver(t, f.Product, &other)
	}
	up()
	for _, k := range talks {
		if call, _ := f.Booked(k.from); call.Outcome != "answered" || call.EndedBy != "agent" || call.UserID != k.agent.ID {
			t.Errorf("%+v", call)
		}
	}
}

// rollingRestarts: the servers are stopped and started in turn while callers come. Everybody is served, by one server
// at a time, and nobody's phone rings for two calls or twice for one.
func rollingRestarts(t *testing.T, f firm) {
	count, perSecond, restarts := size(60, 400), 10.0, size(4, 20)
	talks := converse(t, f.Product, size(4, 20), func(a *e2e.Agent) e2e.Line { return f.line(t, a) })
	crew := f.Crew(4, siptest.AnswerAfter(200*time.Millisecond))
	line := f.line(t, crew...)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	done := make(chan []siptest.Record, 1)
	go func() {
		records, err := siptest.Load{
			Count: count, PerSecond: perSecond, Seed: seed, To: line.Number,
			From: func(i int) string { return fmt.Sprintf("+346981%05d", i) },
		}.Run(f.Within(time.Hour), f.Outside)
		if err != nil {
			t.Errorf("callers: %v", err)
		}
		done <- records
	}()
	for i := range restarts {
		<-time.After(time.Duration(float64(count) / perSecond / float64(restarts) * float64(time.Second)))
		if i%2 == 0 {
			f.Signal("server", syscall.SIGTERM)
			f.AwaitServer()
		} else {
			f.second.Stop()
			f.second.Start()
		}
	}
	records := <-done
	for _, k := range talks { // they have talked all the time
		f.Must(k.c.WaitHears(f.Within(10*time.Second), k.tone))
		takenOver(t, f.Product, k)
	}
	f.Reconcile(records, time.Minute)
	twice := e2e.Query[int64](f.Product, `
		select a.call_id from call_legs a join call_legs b on b.user_id = a.user_id and b.id > a.id
		where a.started_at > now() - interval '5 minutes' and a.result <> 'lost'
		  and b.started_at < coalesce(a.ended_at, 'infinity') - interval '50 milliseconds'`)
	if len(twice) > 0 {
		t.Errorf("phones rang twice at a time, in calls %v", twice)
	}
	for _, r := range records {
		if r.Kind == "talk" && r.Answered.IsZero() {
			t.Errorf("%s waited in vain", r.From)
		}
	}
}

// noCallIsLost: callers of every manner call all the time while servers, database, Redis and the socket to Asterisk
// are killed at random instants. Each caller who got any answer has exactly one call and one lead.
func noCallIsLost(t *testing.T, f firm) {
	seed := uint64(time.Now().UnixNano())
	count, perSecond, kills := size(100, 1000), 5.0, size(9, 60)
	t.Logf("seed %d, %d calls at %v/s, %d kills", seed, count, perSecond, kills)
	crew := f.Crew(4, siptest.AnswerAfter(300*time.Millisecond))
	line := f.line(t, crew...)
	chance := rand.New(rand.NewPCG(seed, 2))
	prefix := 100 + chance.IntN(900)
	type result struct {
		records []siptest.Record
		err     error
	}
	done := make(chan result, 1)
	go func() {
		records, err := siptest.Load{
			Count: count, PerSecond: perSecond, Seed: seed, To: line.Number,
			From: func(i int) string { return fmt.Sprintf("+34697%03d%03d", prefix, i%1000) },
		}.Run(f.Within(time.Hour), f.Outside)
		done <- result{records, err}
	}()
	f.havoc(t, chance, kills, time.Duration(float64(count)/perSecond*float64(time.Second)))
	got := <-done
	if got.err != nil {
		t.Errorf("callers: %v", got.err) // a call that failed is in the records all the same
	}
	f.AwaitServer()
	f.second.Await()
	f.Reconcile(got.records, time.Minute)
	kinds := map[string]int{}
	heeded := 0
	for _, r := range got.records {
		if r.Heeded() {
			heeded++
		}
		if !r.Answered.IsZero() {
			kinds[r.Kind+", answered"]++
		} else {
			kinds[r.Kind]++
		}
	}
	t.Logf("%d of %d calls were heeded: %v", heeded, len(got.records), kinds)
	if heeded < count*9/10 {
		t.Errorf("only %d of %d calls were heeded", heeded, count)
	}
}

// havoc kills parts one after another, at random instants spread over the time given.
func (f firm) havoc(t *testing.T, chance *rand.Rand, kills int, over time.Duration) {
	t.Helper()
	faults := []struct {
		name string
		cut  func()
	}{
		{"server", func() { f.Signal("server", 9) }},
		{"ARI socket", f.CutSwitch},
		{"postgres", func() { f.Signal("postgres", 9) }},
		{"redis", func() { f.redis.Kill(); f.redis.Restart() }},
		{"second server", func() { f.second.Kill(); f.second.Start() }},
		{"redis's memory", f.redis.FlushAll},
	}
	began := time.Now()
	for i := range kills {
		moment := began.Add(over * time.Duration(i) / time.Duration(kills)).Add(time.Duration(chance.Int64N(int64(over) / int64(kills))))
		<-time.After(time.Until(moment))
		fault := faults[i%len(faults)]
		if pid := f.PID(fault.name); fault.name == "server" && pid == 0 || fault.name == "postgres" && pid == 0 {
			continue // it has not come back yet
		}
		t.Logf("%6.2f s: %s", time.Since(began).Seconds(), fault.name)
		fault.cut()
	}
}
