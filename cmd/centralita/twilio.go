package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"time"

	"centralita/internal/twiliosim"
)

// twilioCommand is the loopback Twilio that `run` starts when there is no
// account. It refuses to listen on anything but loopback.
func twilioCommand(ctx context.Context, args []string) error {
	flags := newFlags("twilio")
	addr := flags.String("addr", "127.0.0.1:8189", "where to listen; loopback only")
	account := flags.String("account", "", "account SID; its token comes from TWILIO_AUTH_TOKEN")
	webhook := flags.String("webhook", "", "base URL of the product, for inbound SMS")
	if err := flags.Parse(args); err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(*addr)
	if err != nil || !net.ParseIP(host).IsLoopback() {
		return errors.New("twilio: the address must be host:port on loopback")
	}
	sim := twiliosim.New(twiliosim.Options{
		AccountSID: *account, AuthToken: os.Getenv("TWILIO_AUTH_TOKEN"), WebhookURL: *webhook, Pace: 400 * time.Millisecond,
	})
	srv := &http.Server{Addr: *addr, Handler: sim, ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- srv.ListenAndServe() }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	err = srv.Close()
	sim.Close()
	return err
}
