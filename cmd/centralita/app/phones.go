package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"centralita/asterisk/ari"
	"centralita/callcenter/floor"
	"centralita/crm/access"
)

// phones keeps the telephone accounts in Asterisk in step with the users. What was put is remembered, so that a
// change of one user touches one account; after a restart all are put again.
type phones struct {
	people *access.Service
	ari    *ari.Client
	floor  *floor.Floor
	log    *slog.Logger
	wake   chan struct{}

	mu  sync.Mutex
	put map[int64]access.PhoneAccount
}

func newPhones(people *access.Service, client *ari.Client, room *floor.Floor, log *slog.Logger) *phones {
	return &phones{
		people: people, ari: client, floor: room, log: log,
		wake: make(chan struct{}, 1), put: map[int64]access.PhoneAccount{},
	}
}

// nudge has the accounts looked at soon. It never blocks.
func (p *phones) nudge() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// forget has every account put again: Asterisk may not know them.
func (p *phones) forget() {
	p.mu.Lock()
	clear(p.put)
	p.mu.Unlock()
	p.nudge()
}

// followEvery is how soon changes made by other servers are seen.
const followEvery = 2 * time.Second

// run follows the users until ctx ends.
func (p *phones) run(ctx context.Context) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		case <-tick.C:
		}
		if err := p.sync(ctx); err != nil && ctx.Err() == nil {
			p.log.Warn("phone accounts are not in Asterisk yet", "error", err)
			time.AfterFunc(time.Second, p.nudge)
		}
	}
}

func (p *phones) sync(ctx context.Context) error {
	if err := p.floor.RefreshAgents(ctx); err != nil {
		return err
	}
	accounts, err := p.people.PhoneAccounts(ctx)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for _, account := range accounts {
		if !p.known(account) {
			group.Go(func() error { return p.apply(ctx, account) })
		}
		if !account.Active {
			group.Go(func() error { return p.floor.Dismiss(ctx, account.UserID) })
		}
	}
	return group.Wait()
}

func (p *phones) known(account access.PhoneAccount) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.put[account.UserID] == account
}

// apply puts one account. A phone that has registered with a password that is none any more is thrown out.
func (p *phones) apply(ctx context.Context, account access.PhoneAccount) error {
	p.mu.Lock()
	before, put := p.put[account.UserID]
	p.mu.Unlock()
	if put && before.SIPPassword != account.SIPPassword {
		if err := p.ari.DropContacts(ctx, account.SIPUser); err != nil {
			return err
		}
	}
	var err error
	if account.Active {
		err = p.ari.PutPhone(ctx, ari.Phone{
			ID: account.SIPUser, Password: account.SIPPassword, Browser: account.Kind == "browser", Name: account.Name,
		})
	} else {
		err = p.ari.DeletePhone(ctx, account.SIPUser)
	}
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.put[account.UserID] = account
	return nil
}
