// Package once has a request that comes with an idempotency key done once,
// however often it comes: it keeps the first answer for a day and gives it again.
//
// It owns the table kept_answers. A key belongs to a user, and to one request of
// his. What a request does in the database and the note of its answer are one
// transaction where that can be; a request whose work is elsewhere, too, like a
// call, is noted before and answered after, and when the server dies in between,
// a second one is told that nobody knows. A refused request changed nothing and
// leaves nothing: it is judged anew. It never knows what a request does.
package once

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"centralita/crm/access"
	"centralita/internal/fault"
	"centralita/internal/postgres"
	"centralita/internal/web"
)

// Kept is how long an answer is kept.
const Kept = 24 * time.Hour

// running is how long a request may be at work before its server must have died.
const running = time.Minute

var (
	errOther = fault.New(fault.Invalid, "idempotency_key_reused", "This idempotency key was used for another request.").
			WithField("header."+web.KeyHeader, "used for another request")
	errRunning = fault.New(fault.Conflict, "idempotency_in_progress", "A request with this idempotency key is being worked on. Ask again in a moment.")
	errUnknown = fault.New(fault.Conflict, "idempotency_unknown",
		"A request with this idempotency key was begun and not finished. Look whether it was done before you send it with a new key.")
)

// Keeper keeps the answers; it is web's Answers. Safe for concurrent use by any
// number of processes.
type Keeper struct{ db *postgres.DB }

// New returns the keeper of the answers in db.
func New(db *postgres.DB) *Keeper { return &Keeper{db} }

// kept is a row of the table.
type kept struct {
	print  []byte
	fresh  bool // of the last moments
	answer *web.Answer
}

// Within runs do and notes its answer in one transaction; see web.Answers. Work
// that cannot be part of one transaction is done apart.
func (k *Keeper) Within(ctx context.Context, a web.Asked, do func(context.Context) (web.Answer, error)) (answer web.Answer, replayed bool, err error) {
	err = k.db.InTx(ctx, func(ctx context.Context) error {
		answer, replayed = web.Answer{}, false
		before, err := k.begin(ctx, a)
		if err != nil {
			return err
		}
		if before != nil {
			answer, err = before.again(a)
			replayed = err == nil
			return err
		}
		if answer, err = do(ctx); err != nil {
			return err
		}
		return k.finish(ctx, a, answer)
	})
	if errors.Is(err, postgres.ErrDoomed) { // nothing of it was done: a part of it failed and was done without
		return k.Apart(ctx, a, do)
	}
	return answer, replayed, err
}

// Apart notes that the work begins, has do do it, and notes the answer; see
// web.Answers.
func (k *Keeper) Apart(ctx context.Context, a web.Asked, do func(context.Context) (web.Answer, error)) (web.Answer, bool, error) {
	var before *kept
	err := k.db.InTx(ctx, func(ctx context.Context) (err error) {
		before, err = k.begin(ctx, a)
		return err
	})
	if err != nil {
		return web.Answer{}, false, err
	}
	if before != nil {
		answer, err := before.again(a)
		return answer, err == nil, err
	}
	answer, err := do(ctx)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	switch {
	case err == nil:
		return answer, false, k.finish(last, a, answer)
	case web.Refused(err):
		return answer, false, errors.Join(err, k.forget(last, a))
	}
	return answer, false, errors.Join(err, k.doubt(last, a))
}

// again is the answer that was given to the same request before.
func (b kept) again(a web.Asked) (web.Answer, error) {
	switch {
	case string(b.print) != string(a.Print):
		return web.Answer{}, errOther
	case b.answer != nil:
		return *b.answer, nil
	case b.fresh:
		return web.Answer{}, errRunning
	}
	return web.Answer{}, errUnknown
}

const sqlBegin = `
insert into kept_answers (user_id, key, print) values ($1, $2, $3)
on conflict (user_id, key) do update set print = excluded.print, asked_at = now(), status = null, headers = null, body = null
	where kept_answers.asked_at < now() - make_interval(secs => $4)
returning true`

const sqlBefore = `
select print, asked_at > now() - make_interval(secs => $3), status, coalesce(headers, '{}'), body
from kept_answers where user_id = $1 and key = $2`

// begin notes the request, or returns what is known of the same key. While
// another transaction works on it, it waits a little.
func (k *Keeper) begin(ctx context.Context, a web.Asked) (*kept, error) {
	user, conn := access.ActorFrom(ctx).UserID, k.db.Conn(ctx)
	if _, err := conn.Exec(ctx, "set local lock_timeout = '4s'"); err != nil {
		return nil, fmt.Errorf("begin once: %w", err)
	}
	begun := false
	err := conn.QueryRow(ctx, sqlBegin, user, a.Key, a.Print, Kept.Seconds()).Scan(&begun)
	switch {
	case postgres.IsLockTimeout(err):
		return nil, errRunning
	case errors.Is(err, pgx.ErrNoRows):
		return k.before(ctx, user, a.Key)
	case err != nil:
		return nil, fmt.Errorf("begin once: %w", err)
	}
	_, err = conn.Exec(ctx, "set local lock_timeout to default")
	return nil, err
}

func (k *Keeper) before(ctx context.Context, user int64, key string) (*kept, error) {
	var b kept
	var status *int
	var headers []byte
	var body []byte
	err := k.db.Conn(ctx).QueryRow(ctx, sqlBefore, user, key, running.Seconds()).Scan(&b.print, &b.fresh, &status, &headers, &body)
	if errors.Is(err, pgx.ErrNoRows) { // it was refused in this moment
		return nil, errRunning
	}
	if err != nil {
		return nil, fmt.Errorf("read kept answer: %w", err)
	}
	if status == nil {
		return &b, nil
	}
	b.answer = &web.Answer{Status: *status, Body: body, Header: http.Header{}}
	return &b, json.Unmarshal(headers, &b.answer.Header)
}

func (k *Keeper) finish(ctx context.Context, a web.Asked, answer web.Answer) error {
	headers, err := json.Marshal(answer.Header)
	if err != nil {
		return err
	}
	return k.write(ctx, "update kept_answers set status = $3, headers = $4, body = $5 where user_id = $1 and key = $2",
		a, answer.Status, headers, answer.Body)
}

// forget has a refused request never have been.
func (k *Keeper) forget(ctx context.Context, a web.Asked) error {
	return k.write(ctx, "delete from kept_answers where user_id = $1 and key = $2 and status is null", a)
}

// doubt says that nobody knows what became of a request, from now on.
func (k *Keeper) doubt(ctx context.Context, a web.Asked) error {
	return k.write(ctx, "update kept_answers set asked_at = asked_at - make_interval(secs => $3) where user_id = $1 and key = $2 and status is null",
		a, running.Seconds())
}

func (k *Keeper) write(ctx context.Context, sql string, a web.Asked, args ...any) error {
	args = append([]any{access.ActorFrom(ctx).UserID, a.Key}, args...)
	if _, err := k.db.Conn(ctx).Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	return nil
}

// Prune deletes the answers that need not be given again.
func (k *Keeper) Prune(ctx context.Context) error {
	_, err := k.db.Conn(ctx).Exec(ctx, "delete from kept_answers where asked_at < now() - make_interval(secs => $1)", Kept.Seconds())
	return postgres.Classify(err)
}
