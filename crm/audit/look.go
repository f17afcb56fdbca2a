package audit

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"centralita/crm/access"
	"centralita/internal/fault"
)

// flushLimit is how long the log may take to note a look before nothing is shown.
const flushLimit = 1500 * time.Millisecond

// maxLooks is how many looks are noted in one statement.
const maxLooks = 256

var (
	errUnavailable = fault.New(fault.Unavailable, "log_unavailable",
		"This cannot be shown now: the log does not answer, and nothing is shown that is not written down. Try again in a moment.")
	errQuota = fault.New(fault.Limited, "quota_reached",
		"You have opened as much as your role may in this time. Your supervisors have been told; ask one of them, or wait.")
)

// look is somebody about to be shown something.
type look struct {
	entry  []any // user, session, action, entity, id, detail, ip, request
	user   int64
	kind   Kind
	roles  []string
	thing  string // counted once an hour
	free   bool
	drawn  bool // its count is on disk already: its entry may follow what is shown
	cost   int  // what it adds to the counters, if it is not free: itself, and what is counted ahead of others
	done   chan struct{}
	result error
}

// looker notes looks: those that come while it writes are written together next,
// so that many readers share one commit.
type looker struct {
	mu      sync.Mutex
	pending []*look
	busy    bool
	soon    *time.Timer // begins to write entries that nobody waits for
	hour    int64
	counted map[string]struct{} // "user thing" counted in this hour
	ahead   map[reader]*pool    // of this hour
	goBack  *time.Timer         // gives back what was counted ahead
	failing bool                // the log could not be written: everybody waits for it
	idle    chan struct{}       // closed when busy ends; nil when nobody waits for that
	typed   map[int64]typed
}

// reader is a user in one of his quotas.
type reader struct {
	user int64
	kind Kind
}

// pool is what has been counted ahead of looks that are still to come, so that for somebody who looks at much most
// of them are one insert. Next is how much is to be counted ahead at the next turn.
type pool struct{ left, next int }

// What is counted ahead: a tenth of what was looked at in the hour, and no more than a twentieth of what is left of
// the quota, so that it is met to the number. Who rests for a moment gets back what he did not use; a server that
// dies keeps that.
const (
	mostAhead     = 50
	aheadOfUsed   = 10
	aheadOfQuota  = 20
	aheadGoesBack = 2 * time.Second
)

// typed is what a user searched for last.
type typed struct {
	text string
	at   time.Time
}

// Look notes that ctx's actor is about to be shown a thing and returns when that
// is on disk. detail, which may be nil, says what of it. On an error nothing may
// be shown: fault.Unavailable when the log cannot be written, fault.Limited at a
// quota. The action's last word decides what it counts as (see Kind); the same
// thing counts once an hour. It does not join ctx's transaction: what was looked
// at stays looked at.
func (l *Log) Look(ctx context.Context, action, entity string, id int64, detail any) error {
	return l.Looking(ctx, action, entity, id, detail)()
}

// Looking is Look while the thing is being read: what it returns waits for the
// outcome. For an actor who may read all of entity it begins at once, beside the
// reading; for others when the outcome is asked for, so that nobody is noted who
// was refused. A search that was counted ahead, for somebody who makes many, is in
// the counters on disk already: its entry follows what is shown by some
// hundredths of a second, and as long as the log fails to write nothing is shown at all.
func (l *Log) Looking(ctx context.Context, action, entity string, id int64, detail any) (wait func() error) {
	args, err := arguments(ctx, action, entity, nil, detail)
	if err != nil {
		return func() error { return err }
	}
	actor := access.ActorFrom(ctx)
	k := &look{
		entry: []any{actor.UserID, actor.SessionID, action, entity, id, args[5], args[6], args[7]},
		user:  actor.UserID, roles: actor.Roles, kind: kindOf(action), done: make(chan struct{}),
	}
	if k.kind != "" && k.user != 0 {
		k.thing = fmt.Sprint(k.user, " ", k.kind, " ", entity, " ", id, " ", args[5])
	}
	if k.kind == Exports {
		k.thing += rand.Text() // each file that leaves is one
	}
	if id == 0 || access.ScopeOf(ctx, access.Entity(entity), access.Read) == access.All {
		l.note(k)
		return func() error { return k.wait(ctx) }
	}
	return func() error {
		l.note(k)
		return k.wait(ctx)
	}
}

func (k *look) wait(ctx context.Context) error {
	if k.drawn {
		return nil
	}
	select {
	case <-k.done:
		return k.result
	case <-ctx.Done():
		return fault.Wrap(ctx.Err(), errUnavailable.Kind, errUnavailable.Code, errUnavailable.Message)
	}
}

// Searching is Looking for what somebody types into a search box: text that only
// continues what he searched for last, within half a minute, is the same search.
func (l *Log) Searching(ctx context.Context, entity, text string) (wait func() error) {
	user, now := access.ActorFrom(ctx).UserID, time.Now()
	l.looks.mu.Lock()
	if l.looks.typed == nil {
		l.looks.typed = map[int64]typed{}
	}
	last := l.looks.typed[user]
	l.looks.typed[user] = typed{text, now}
	l.looks.mu.Unlock()
	action := entity + ".search"
	if last.text != "" && strings.HasPrefix(text, last.text) && now.Sub(last.at) < 30*time.Second {
		action = entity + ".typed"
	}
	return l.Looking(ctx, action, entity, 0, map[string]string{"text": text})
}

// Asked is what somebody asked for, for the detail of a look: values by name,
// without those that are zero.
func Asked(values map[string]any) map[string]any {
	maps.DeleteFunc(values, func(_ string, v any) bool { return reflect.ValueOf(v).IsZero() })
	return values
}

// Shown ends a look: what was read while it was noted, or nothing when either
// failed.
func Shown[T any](noted func() error, read T, err error) (T, error) {
	if err == nil {
		err = noted()
	}
	if err != nil {
		return *new(T), err
	}
	return read, nil
}

// note hands k to the looker and has it write, unless it does already.
func (l *Log) note(k *look) {
	s := &l.looks
	s.mu.Lock()
	defer s.mu.Unlock()
	if hour := time.Now().Unix() / 3600; s.hour != hour {
		s.hour, s.counted, s.ahead = hour, map[string]struct{}{}, map[reader]*pool{}
	}
	_, again := s.counted[k.thing]
	if k.free = again || k.thing == ""; !k.free {
		k.drawn = s.draw(k)
		k.free = k.drawn
	}
	k.drawn = k.drawn && !s.failing
	s.pending = append(s.pending, k)
	if k.drawn {
		l.later()
	} else {
		l.now()
	}
}

// entriesGather is how long entries that nobody waits for gather, to be written together.
const entriesGather = 20 * time.Millisecond

// later has what is pending written soon. The lock is held.
func (l *Log) later() {
	if s := &l.looks; !s.busy && s.soon == nil {
		s.soon = time.AfterFunc(entriesGather, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			l.now()
		})
	}
}

// now has what is pending written, by one who writes at a time. The lock is held.
func (l *Log) now() {
	s := &l.looks
	if s.soon != nil {
		s.soon.Stop()
		s.soon = nil
	}
	if !s.busy && len(s.pending) > 0 {
		s.busy = true
		go l.write()
	}
}

// draw takes a look from what was counted ahead for its user, or says how much it is to count. What the work itself may
// have opened, a thing by its id, is left to the store: it may count nothing. The lock is held.
func (s *looker) draw(k *look) bool {
	k.cost = 1
	p := s.ahead[reader{k.user, k.kind}]
	if p == nil || k.entry[4].(int64) != 0 || k.kind == Exports {
		return false
	}
	if p.left == 0 {
		k.cost = max(1, p.next)
		return false
	}
	p.left--
	return true
}

// countAhead notes how far the counters are that a look was counted in.
func (l *Log) countAhead(k *look, inHour, inDay *int) {
	if inHour == nil {
		return
	}
	next, limit := min(mostAhead, *inHour/aheadOfUsed), l.quotas.of(k.roles, k.kind)
	if limit.hour != nil {
		next = min(next, (*limit.hour-*inHour)/aheadOfQuota)
	}
	if limit.day != nil && inDay != nil {
		next = min(next, (*limit.day-*inDay)/aheadOfQuota)
	}
	s, who := &l.looks, reader{k.user, k.kind}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ahead[who] == nil {
		s.ahead[who] = &pool{}
	}
	s.ahead[who].left += k.cost - 1
	s.ahead[who].next = next
	if s.goBack == nil {
		s.goBack = time.AfterFunc(aheadGoesBack, l.giveBack)
	}
	s.goBack.Reset(aheadGoesBack)
}

const sqlGiveBack = `
update audit_counts c set n = c.n - g.rest
from unnest($1::bigint[], $2::text[], $3::int[]) as g (user_id, kind, rest)
where c.user_id = g.user_id and c.kind = g.kind and (c.period, c.starts) in
	(('hour', date_trunc('hour', now())), ('day', date_trunc('day', now(), $4)))`

// giveBack takes out of the counters what was counted ahead and not used.
func (l *Log) giveBack() {
	s := &l.looks
	s.mu.Lock()
	var users []int64
	var kinds []string
	var rests []int
	for who, p := range s.ahead {
		if p.left > 0 {
			users, kinds, rests = append(users, who.user), append(kinds, string(who.kind)), append(rests, p.left)
			p.left = 0
		}
	}
	s.mu.Unlock()
	if len(users) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushLimit)
	defer cancel()
	if _, err := l.db.Pool().Exec(ctx, sqlGiveBack, users, kinds, rests, l.quotas.inZone()); err != nil {
		slog.Warn("looks counted ahead stay counted", "error", err)
	}
}

// write writes what is pending until nobody waits for any of it.
func (l *Log) write() {
	for batch := l.batch(); len(batch) > 0; batch = l.next() {
		ctx, cancel := context.WithTimeout(context.Background(), flushLimit)
		err := l.flush(ctx, batch)
		cancel()
		if l.finish(batch, err); err != nil {
			<-time.After(flushPause)
		}
	}
}

// batch takes the looks to be written next.
func (l *Log) batch() []*look {
	s := &l.looks
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.take()
}

// next is batch for one who goes on writing; he leaves what nobody waits for to gather.
func (l *Log) next() []*look {
	s := &l.looks
	s.mu.Lock()
	defer s.mu.Unlock()
	waited := s.failing || s.idle != nil || slices.ContainsFunc(s.pending, func(k *look) bool { return !k.drawn })
	if len(s.pending) > 0 && waited {
		return s.take()
	}
	s.busy = false
	if len(s.pending) > 0 {
		l.later()
	} else {
		s.pending = nil
		s.rest()
	}
	return nil
}

// take cuts the next batch from what is pending. The lock is held.
func (s *looker) take() []*look {
	batch := s.pending[:min(len(s.pending), maxLooks)]
	s.pending = s.pending[len(batch):]
	return batch
}

// flushPause is how long the looker lets a log rest that could not be written.
const flushPause = 100 * time.Millisecond

// rest tells who waits for it that everything is written. The lock is held.
func (s *looker) rest() {
	if s.idle != nil {
		close(s.idle)
		s.idle = nil
	}
}

// Flush returns when every look so far is on disk, or ctx ends: before the
// process does.
func (l *Log) Flush(ctx context.Context) error {
	l.giveBack()
	s := &l.looks
	s.mu.Lock()
	if l.now(); !s.busy {
		s.mu.Unlock()
		return nil
	}
	if s.idle == nil {
		s.idle = make(chan struct{})
	}
	idle := s.idle
	s.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("looks not written: %w", ctx.Err())
	}
}

// finish tells everybody in batch what became of his look. One that was shown already stays until it is written.
func (l *Log) finish(batch []*look, err error) {
	if err != nil {
		err = fault.Wrap(err, errUnavailable.Kind, errUnavailable.Code, errUnavailable.Message)
	}
	s := &l.looks
	s.mu.Lock()
	s.failing = err != nil
	var shown []*look
	for _, k := range batch {
		if err != nil && k.drawn {
			shown = append(shown, k)
		} else if err != nil {
			k.result = err
		} else if k.result == nil && k.thing != "" {
			s.counted[k.thing] = struct{}{}
		}
	}
	s.pending = append(shown, s.pending...)
	s.mu.Unlock()
	for _, k := range batch {
		if err == nil || !k.drawn {
			close(k.done)
		}
	}
}

// Exempt names, in SQL, the looks w that count towards no quota, because the
// work itself opened the thing: w has user_id, entity and entity_id. It must hold
// no input. Call it before the log is used.
func (l *Log) Exempt(condition string) { l.exempt = condition }

// OnAlert has fn called, after the commit, when somebody meets a quota. Call it
// before the log is used; fn must not block.
func (l *Log) OnAlert(fn func()) { l.onAlert = fn }
