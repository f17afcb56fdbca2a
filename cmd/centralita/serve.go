package main

import (
	"context"
	"fmt"
	"os"

	"centralita/cmd/centralita/app"
	"centralita/frontend"
	"centralita/internal/config"
)

// serveCommand is one server of a production set-up: everything by URL, from the environment.
func serveCommand(ctx context.Context, args []string) error {
	if err := newFlags("serve").Parse(args); err != nil {
		return err
	}
	c, err := config.Load(os.Environ())
	if err != nil {
		return err
	}
	server, err := app.New(ctx, c, buildVersion(), frontend.Files())
	if err != nil {
		return err
	}
	return server.Run(ctx)
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
