package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"
)

// options say what to measure and how long.
type options struct {
	bin, cache, out string
	clients         int
	seed            uint64
	fresh, short    bool
	only            []string
	limit           time.Duration // of the whole run

	popCalls    int           // of each kind, 5 a second of each
	offerRates  []float64     // calls per second of both kinds together
	offerTime   time.Duration // at each rate
	backlogTime time.Duration
	loadRounds  int // of one second for each side
	paints      int
}

func parse(args []string) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.bin, "bin", "bin/centralita", "the product")
	flags.StringVar(&o.cache, "cache", "/var/cache/centralita/bench", "where the client base is kept between runs")
	flags.StringVar(&o.out, "out", "bin/bench", "directory for the results as JSON")
	flags.IntVar(&o.clients, "clients", 1_000_000, "clients in the base; 50,000 with -short unless given")
	flags.Uint64Var(&o.seed, "seed", 1, "of every random choice")
	flags.BoolVar(&o.fresh, "fresh", false, "make the client base anew")
	flags.BoolVar(&o.short, "short", false, "fewer samples and clients: a look, no measurement")
	flags.DurationVar(&o.limit, "limit", 30*time.Minute, "end after so long in any case")
	only := flags.String("only", "", "parts to measure, comma separated: "+strings.Join(partNames(), ", "))
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	if *only != "" {
		o.only = strings.Split(*only, ",")
		for _, name := range o.only {
			if !slices.Contains(partNames(), name) {
				return o, fmt.Errorf("no part is called %q", name)
			}
		}
	}
	o.popCalls, o.offerRates, o.offerTime, o.backlogTime, o.loadRounds, o.paints = 300, []float64{5, 10, 20, 30}, 20*time.Second, time.Minute, 8, 60
	if o.short {
		o.popCalls, o.offerRates, o.offerTime, o.backlogTime, o.loadRounds, o.paints = 40, []float64{10}, 6*time.Second, 10*time.Second, 1, 8
		given := false
		flags.Visit(func(f *flag.Flag) { given = given || f.Name == "clients" })
		if !given {
			o.clients = 50_000
		}
	}
	if o.clients < 1000 || o.clients > 20_000_000 {
		return o, fmt.Errorf("%d clients: 1,000 to 20,000,000 are possible", o.clients)
	}
	return o, nil
}

// wants reports whether a part is to be measured.
func (o options) wants(part string) bool {
	return len(o.only) == 0 || slices.Contains(o.only, part)
}

func partNames() []string {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	return names
}
