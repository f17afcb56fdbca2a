package app

import (
	"context"
	"time"

	"centralita/callcenter"
)

// awayFor is how long all browsers of a user may be gone before he loses his leases: longer than a page takes to load
// again.
const awayFor = 15 * time.Second

// keepLeases keeps the lease of each lead that is being called, and lets go of those whose time is over.
func (a *App) keepLeases(ctx context.Context) {
	tick := time.NewTicker(leaseFor / 8)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, c := range a.floor.Calls() {
			if c.Direction == callcenter.Out && c.LeadID != 0 {
				a.attempt(ctx, "lease not kept", func(ctx context.Context) error {
					return a.leads.Renew(ctx, c.LeadID, c.UserID, leaseFor)
				})
			}
		}
		a.attempt(ctx, "leases not released", func(ctx context.Context) error {
			_, err := a.leads.ReleaseExpired(ctx)
			return err
		})
	}
}

// joined is told when a browser of a user has come.
func (a *App) joined(user int64, tabs int) { a.tabs.Store(user, tabs) }

// left is told when a browser of a user is gone. Once none is left for a while, and no call of his goes on, others may
// work his leads.
func (a *App) left(user int64, tabs int) {
	a.tabs.Store(user, tabs)
	if tabs > 0 {
		return
	}
	time.AfterFunc(awayFor, func() {
		if a.here(user) {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), awayFor)
		defer cancel()
		a.attempt(ctx, "leases not released", func(ctx context.Context) error { return a.leads.ReleaseUser(ctx, user) })
	})
}

// here reports whether a user has a browser open, or a call going on.
func (a *App) here(user int64) bool {
	for _, c := range a.floor.Calls() {
		if c.UserID == user {
			return true
		}
	}
	tabs, _ := a.tabs.Load(user)
	return tabs != nil && tabs.(int) > 0
}
