package api

import (
	"context"

	"centralita/callcenter"
)

// Rights are what users may see and do with calls, and how much of a number.
type Rights interface {
	// Where is the condition that the one who asks may read a row of calls; arg adds a parameter and returns its
	// placeholder.
	Where(ctx context.Context, alias string, arg func(any) string) string
	// MayRead answers a call he may not read as one that does not exist.
	MayRead(ctx context.Context, call callcenter.Call) error
	// MayCall refuses a call for a client or a lead that he may not see; zeros are neither.
	MayCall(ctx context.Context, client, lead int64) error
	// Seen is a call as the one who asks may see it.
	Seen(ctx context.Context, v CallView) CallView
	// SeenBy is a call as a user may see it who is not asking, but part of it: it rings or rang at his phone, or he made it.
	SeenBy(ctx context.Context, user int64, v CallView) (CallView, error)
}

// Points are the contact points of clients: what is dialled without being shown.
type Points interface {
	// Number returns the number of a contact point and its client.
	Number(ctx context.Context, point int64) (number string, client int64, err error)
}
