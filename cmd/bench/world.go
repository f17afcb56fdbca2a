package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"centralita/cmd/centralita/machine"
	"centralita/crm/access"
	"centralita/crm/audit"
	"centralita/internal/postgres"
)

// world is everything that runs during the bench.
type world struct {
	options
	store   *store
	db      *postgres.DB
	product *child
	state   machine.State
	peer    *peer
	phones  map[string]access.PhoneAccount // by login
	placed  []*trial                       // every call into the product
	next    int                            // caller to call next
}

// open starts PostgreSQL on the client base, the product and the peers. On an
// error nothing is left running.
func open(ctx context.Context, o options) (w *world, err error) {
	w = &world{options: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if w.store, err = openStore(ctx, o); err != nil {
		return w, err
	}
	if w.db, err = postgres.Open(ctx, w.store.url()); err != nil {
		return w, err
	}
	if err = w.readPhones(ctx); err != nil {
		return w, err
	}
	progress("starting the product")
	if err = w.startProduct(ctx); err != nil {
		return w, fmt.Errorf("the product: %w", err)
	}
	if w.peer, err = startPeer(ctx, w.store.url(), w.state); err != nil {
		return w, fmt.Errorf("the peers: %w", err)
	}
	return w, nil
}

// readPhones learns the desk phones' accounts.
func (w *world) readPhones(ctx context.Context) error {
	people, err := access.New(w.db, audit.NewLog(w.db), deaf{}, access.Options{})
	if err != nil {
		return err
	}
	accounts, err := people.PhoneAccounts(ctx)
	w.phones = map[string]access.PhoneAccount{}
	for _, a := range accounts {
		w.phones[a.Name] = a
	}
	return err
}

func (w *world) dataDir() machine.Dir { return machine.Dir(filepath.Join(w.cache, "instance")) }

// startProduct runs `centralita run` on the bench's database and waits until it
// is ready.
func (w *world) startProduct(ctx context.Context) error {
	bin, err := filepath.Abs(w.bin)
	if err != nil {
		return err
	}
	if err := writeSwitchSettings(w.dataDir()); err != nil {
		return err
	}
	cmd := exec.Command(bin, "run", "--data", string(w.dataDir()), "--external-database",
		"--http-port=18080", "--sip-port=15160", "--ari-port=18188", "--twilio-port=18189")
	cmd.Env = append(plainEnviron(), "DATABASE_URL="+w.store.url(), "CENTRALITA_LOG_LEVEL=warn")
	if w.product, err = launch(cmd, syscall.SIGTERM); err != nil {
		return err
	}
	return within(ctx, startLimit, func() error {
		select {
		case <-w.product.exited:
			return final{fmt.Errorf("it ended: %s", w.product.said)}
		default:
		}
		state, err := w.dataDir().ReadState()
		if err == nil && !state.Ready {
			err = errors.New("not ready yet")
		}
		w.state = state
		return err
	})
}

// close ends every process and removes what the instance wrote.
func (w *world) close() error {
	var errs []error
	if w.peer != nil {
		errs = append(errs, w.peer.close())
	}
	if w.product != nil {
		errs = append(errs, w.product.end(syscall.SIGTERM, stopLimit), os.RemoveAll(string(w.dataDir())))
	}
	if w.db != nil {
		w.db.Close()
	}
	if w.store != nil {
		errs = append(errs, w.store.close())
	}
	return errors.Join(errs...)
}

// plainEnviron is the environment without what a developer may have set for an
// instance of his own.
func plainEnviron() []string {
	var kept []string
	for _, kv := range os.Environ() {
		foreign := false
		for _, prefix := range []string{"CENTRALITA_", "TWILIO_", "REDIS_URL=", "DATABASE_URL="} {
			foreign = foreign || strings.HasPrefix(kv, prefix)
		}
		if !foreign {
			kept = append(kept, kv)
		}
	}
	return kept
}

// caller returns the number of a client who has not called in this run. Those
// whom nobody is responsible for have odd numbers.
func (w *world) caller(nobodys bool) string {
	for {
		w.next++
		i := int((uint64(w.next)*7919+w.seed*104729)%uint64(w.clients)) + 1
		if !nobodys || i%2 == 1 {
			return number(i)
		}
	}
}
