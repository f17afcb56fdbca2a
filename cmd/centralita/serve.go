package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/debug"

	"centralita/cmd/centralita/app"
	"centralita/frontend"
	"centralita/internal/config"
	"centralita/internal/supervise"
)

// collectAt is how many percent the heap grows before garbage is collected. What a server keeps is a few megabytes:
// with the runtime's own 100 it would collect many times a second under load.
const collectAt = 300

// serveCommand is one server of a production set-up: everything by URL, from the environment.
func serveCommand(ctx context.Context, args []string) error {
	if err := newFlags("serve").Parse(args); err != nil {
		return err
	}
	c, err := config.Load(os.Environ())
	if err != nil {
		return err
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	server, err := app.New(ctx, c, buildVersion(), frontend.Files())
	if err != nil {
		return err
	}
	go supervise.Notify(ctx, func(ctx context.Context) error { return answers(ctx, c.HTTPAddr) }, c.Log.Logger())
	return server.Run(ctx)
}

// answers asks the server itself whether it lives, over the wire.
func answers(ctx context.Context, addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
		host = "localhost"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}

// openapiCommand prints the API's description.
func openapiCommand(ctx context.Context, args []string) error {
	if err := newFlags("openapi").Parse(args); err != nil {
		return err
	}
	document, err := app.OpenAPI(ctx, version)
	if err != nil {
		return err
	}
	_, err = fmt.Println(string(document))
	return err
}
