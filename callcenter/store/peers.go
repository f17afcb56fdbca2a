package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"centralita/callcenter"
	"centralita/callcenter/floor"
	"centralita/internal/postgres"
)

// Room is the floor of a server, to which the others' wishes go.
type Room interface {
	DoHere(ctx context.Context, call callcenter.ID, wish callcenter.Event) (callcenter.Call, error)
}

// Peers takes wishes to the servers that have the calls they are about, and theirs to this one's floor.
type Peers struct {
	books *Books
	post  *postgres.Post
	room  Room
}

// NewPeers returns the peers of the server whose books they are. Serve makes them reachable.
func NewPeers(books *Books) *Peers {
	p := &Peers{books: books}
	p.post = postgres.NewPost(books.db, books.instance, p.answer)
	return p
}

// Serve answers the other servers from room until ctx ends.
func (p *Peers) Serve(ctx context.Context, room Room) {
	p.room = room
	p.post.Run(ctx)
}

// question is a wish on its way.
type question struct {
	Call callcenter.ID   `json:"call"`
	Wish callcenter.Wish `json:"wish"`
}

// verdict is what became of it: the name of a refusal, or nothing.
type verdict struct {
	Refused string `json:"refused,omitempty"`
}

// refusals are the errors that keep their meaning on the way.
var refusals = map[string]error{"no_call": floor.ErrNoCall, "not_now": floor.ErrNotNow, "no_phone": floor.ErrNoPhone, "taken": floor.ErrTaken}

// peerPatience is how long a server is waited for: one that is dead has lost its calls by then.
const peerPatience = 3 * time.Second

const ownerOf = `
select c.owner from calls c join servers s on s.instance = c.owner
where c.id = $1 and c.ended_at is null and c.phase <> 'fallback' and c.owner <> $2`

// Do has the server that owns the call carry out the wish.
func (p *Peers) Do(ctx context.Context, call callcenter.ID, wish callcenter.Event) (callcenter.Call, error) {
	var owner string
	err := p.books.db.Conn(ctx).QueryRow(ctx, ownerOf, call, p.books.instance).Scan(&owner)
	if postgres.IsNoRows(err) {
		return callcenter.Call{}, floor.ErrNoCall
	}
	if err != nil {
		return callcenter.Call{}, fmt.Errorf("find the call's server: %w", err)
	}
	packed, err := callcenter.PackWish(wish)
	if err != nil {
		return callcenter.Call{}, err
	}
	waiting, cancel := context.WithTimeout(ctx, peerPatience)
	defer cancel()
	var said verdict
	err = p.post.Ask(waiting, owner, question{call, packed}, &said)
	if errors.Is(err, postgres.ErrUnanswered) {
		return callcenter.Call{}, errors.Join(floor.ErrUnreached, err)
	}
	if err != nil {
		return callcenter.Call{}, err
	}
	if said.Refused != "" {
		return callcenter.Call{}, cmp.Or(refusals[said.Refused], floor.ErrNotNow)
	}
	return p.books.Call(ctx, call)
}

// answer carries out another server's wish here.
func (p *Peers) answer(ctx context.Context, asked json.RawMessage) (any, error) {
	var q question
	if err := json.Unmarshal(asked, &q); err != nil {
		return nil, err
	}
	wish, err := q.Wish.Unpack()
	if err != nil {
		return nil, err
	}
	_, err = p.room.DoHere(ctx, q.Call, wish)
	for name, refusal := range refusals {
		if errors.Is(err, refusal) {
			return verdict{name}, nil
		}
	}
	return verdict{}, err
}
