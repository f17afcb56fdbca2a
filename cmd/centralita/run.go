package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"centralita/cmd/centralita/machine"
)

// runCommand is the whole product on one machine.
func runCommand(ctx context.Context, args []string) error {
	flags := newFlags("run")
	data := flags.String("data", string(machine.DefaultDir()), "data directory")
	demo := flags.Bool("demo", true, "load the demonstration data into an empty database")
	language := flags.String("language", "en", "language of the switch's prompts: en, es or ru")
	trunk := machine.Trunk{}
	flags.StringVar(&trunk.Address, "sip-address", "", "our IPv4 address for the carrier's SIP and audio (default 127.0.0.1)")
	flags.StringVar(&trunk.Contact, "trunk", "127.0.0.1:5060", "host:port where calls out are sent")
	carriers := flags.String("trunk-ips", "", "addresses or networks of the carrier, comma separated")
	host := flags.String("http-host", "", "address for the web to listen on (default 127.0.0.1)")
	database := flags.Bool("external-database", false, "use the database that DATABASE_URL names instead of a private one")
	verbose := flags.Bool("verbose", false, "say more")
	ports := machine.DefaultPorts
	flags.IntVar(&ports.HTTP, "http-port", ports.HTTP, "web; the next free one if taken, as with all ports")
	flags.IntVar(&ports.SIP, "sip-port", ports.SIP, "SIP trunk, UDP")
	flags.IntVar(&ports.ARI, "ari-port", ports.ARI, "Asterisk's REST interface")
	flags.IntVar(&ports.Postgres, "postgres-port", ports.Postgres, "PostgreSQL")
	flags.IntVar(&ports.Twilio, "twilio-port", ports.Twilio, "loopback Twilio")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir, err := filepath.Abs(*data)
	if err != nil {
		return err
	}
	if *carriers != "" {
		trunk.IPs = strings.Split(*carriers, ",")
	}
	databaseURL := ""
	if *database {
		if databaseURL = os.Getenv("DATABASE_URL"); databaseURL == "" {
			return errors.New("run: --external-database needs DATABASE_URL")
		}
	}
	level := slog.LevelWarn
	if *verbose {
		level = slog.LevelDebug
	}
	o := machine.Options{
		Dir: machine.Dir(dir), Ports: ports, Version: buildVersion(), Environ: os.Environ(), Language: *language,
		HTTPHost: *host, Trunk: trunk, DatabaseURL: databaseURL,
		Out: os.Stdout, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	}
	if *demo {
		o.Demo = func(ctx context.Context, url string) ([]machine.Login, error) {
			logins, _, err := loadDemo(ctx, url, o.Dir.Files())
			return logins, err
		}
	}
	fmt.Printf("starting on %s\n", dir)
	return machine.Run(ctx, o)
}
