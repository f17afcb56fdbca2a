package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrUnanswered says that no server of that name has answered. What it was asked may have been done all the same.
var ErrUnanswered = errors.New("the other server has not answered")

// longestLetter is what PostgreSQL carries in one notification, less some room for the envelope.
const longestLetter = 7000

// Post carries short questions between the servers that share a database, and the answers back. It keeps nothing: a
// question to a server that is not there is lost, and its sender told so when his time is over. Make it with NewPost.
type Post struct {
	db     *DB
	name   string
	answer func(ctx context.Context, question json.RawMessage) (any, error)

	mu      sync.Mutex
	asked   uint64
	waiting map[string]chan letter
}

// letter is what travels. A question has a sender, an answer has none.
type letter struct {
	ID     string          `json:"id"`
	From   string          `json:"from,omitempty"`
	Body   json.RawMessage `json:"body,omitempty"`
	Failed string          `json:"failed,omitempty"`
}

// NewPost returns the post of the server called name. answer is called for each question, many at once; what it
// returns goes back as JSON, and of an error its text alone.
func NewPost(db *DB, name string, answer func(ctx context.Context, question json.RawMessage) (any, error)) *Post {
	return &Post{db: db, name: name, answer: answer, waiting: map[string]chan letter{}}
}

// Ask puts a question to the server called to and decodes the answer into reply. The error is ErrUnanswered when ctx
// ends first, and an *AnswerError when the other server answered with one.
func (p *Post) Ask(ctx context.Context, to string, question, reply any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return fmt.Errorf("ask server %s: %w", to, err)
	}
	id, answered := p.expect()
	defer p.forget(id)
	if err := p.send(ctx, to, letter{ID: id, From: p.name, Body: body}); err != nil {
		return err
	}
	select {
	case l := <-answered:
		if l.Failed != "" {
			return &AnswerError{Server: to, Text: l.Failed}
		}
		return json.Unmarshal(l.Body, reply)
	case <-ctx.Done():
		return fmt.Errorf("ask server %s: %w", to, ErrUnanswered)
	}
}

// AnswerError is a refusal that another server sent back.
type AnswerError struct{ Server, Text string }

// Error says who refused, and how.
func (e *AnswerError) Error() string { return fmt.Sprintf("server %s: %s", e.Server, e.Text) }

func (p *Post) expect() (string, chan letter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	id, answered := strconv.FormatUint(p.asked, 36), make(chan letter, 1)
	p.waiting[id] = answered
	return id, answered
}

func (p *Post) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, id)
}

func (p *Post) send(ctx context.Context, to string, l letter) error {
	text, err := json.Marshal(l)
	if err == nil && len(text) > longestLetter {
		err = fmt.Errorf("%d bytes are too long for a letter", len(text))
	}
	if err == nil {
		_, err = p.db.pool.Exec(ctx, `select pg_notify($1, $2)`, box(to), string(text))
	}
	if err != nil {
		return Classify(fmt.Errorf("write to server %s: %w", to, err))
	}
	return nil
}

// box is the channel on which a server listens.
func box(server string) string { return "post_" + server }

// Run reads the server's letters until ctx ends. It holds one connection, and takes another when that breaks.
func (p *Post) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := p.read(ctx); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "post of the servers interrupted", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

func (p *Post) read(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, p.db.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "listen "+pgx.Identifier{box(p.name)}.Sanitize()); err != nil {
		return err
	}
	var working sync.WaitGroup
	defer working.Wait()
	for {
		note, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		var l letter
		if err := json.Unmarshal([]byte(note.Payload), &l); err != nil {
			slog.WarnContext(ctx, "letter of another server not understood", "error", err)
			continue
		}
		if l.From == "" {
			p.deliver(l)
			continue
		}
		working.Go(func() { p.reply(ctx, l) })
	}
}

func (p *Post) deliver(l letter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if answered, ok := p.waiting[l.ID]; ok {
		answered <- l
		delete(p.waiting, l.ID)
	}
}

// replyPatience bounds the work on a question: nobody waits for its answer any longer.
const replyPatience = 5 * time.Second

func (p *Post) reply(ctx context.Context, question letter) {
	ctx, cancel := context.WithTimeout(ctx, replyPatience)
	defer cancel()
	answer := letter{ID: question.ID}
	said, err := p.answer(ctx, question.Body)
	if err == nil {
		answer.Body, err = json.Marshal(said)
	}
	if err != nil {
		answer.Failed = err.Error()
	}
	if err := p.send(ctx, question.From, answer); err != nil && ctx.Err() == nil {
		slog.WarnContext(ctx, "answer to another server not sent", "error", err)
	}
}
