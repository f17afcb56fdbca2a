package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"centralita/cmd/centralita/machine"
	"centralita/internal/siptest"
	"centralita/internal/siptest/tone"
)

// exitCode is a failure that has been told already and that chooses how the
// process exits.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// Exit codes of a call that was placed and came to nothing; 1 is one that could
// not be placed.
const (
	exitBusy        exitCode = 3
	exitNoAnswer    exitCode = 4 // rang in vain, declined or given up
	exitUnreachable exitCode = 5
)

// placing is a call to place: the flags of `centralita call`.
type placing struct {
	data, addr     string
	from, name, to string
	talk, wait     time.Duration
	say, voice     string
}

// callCommand returns the command that plays a client's phone: it places one SIP
// call with audible sound. trunk finds the SIP address of the instance that runs
// on a data directory; it isn't asked when --to-addr is given.
func callCommand(trunk func(dir string) (string, error)) func(context.Context, []string) error {
	return func(ctx context.Context, args []string) error {
		p, err := readPlacing(args)
		if err != nil {
			return err
		}
		if p.addr == "" {
			if p.addr, err = trunk(p.data); err != nil {
				return err
			}
		}
		return p.run(ctx, os.Stdout)
	}
}

// runningTrunk reads the trunk's address from the state of a running instance.
func runningTrunk(dir string) (string, error) {
	state, err := machine.Dir(dir).ReadState()
	if err == nil && state.SIP == "" {
		err = fmt.Errorf("%w: no SIP address yet on %s", machine.ErrNotRunning, dir)
	}
	return state.SIP, err
}

func readPlacing(args []string) (*placing, error) {
	p := &placing{talk: 10 * time.Second, wait: time.Minute}
	flags := newFlags("call")
	flags.StringVar(&p.data, "data", string(machine.DefaultDir()), "data directory of the running instance")
	flags.StringVar(&p.addr, "to-addr", "", "host:port to call instead of the running instance")
	flags.StringVar(&p.from, "from", "+34600111222", "calling number")
	flags.StringVar(&p.name, "name", "", "calling name")
	flags.StringVar(&p.to, "to", "main", "number of the line; what is no line's number rings on the first")
	flags.Var((*seconds)(&p.talk), "talk", "how long to talk: seconds, or a duration")
	flags.Var((*seconds)(&p.wait), "wait", "how long to let it ring: seconds, or a duration")
	flags.StringVar(&p.say, "say", "Hello! I am calling about the offer on your web site. Please call me back.", "what to say, over and over")
	flags.StringVar(&p.voice, "voice", "en", "voice of espeak-ng; without that program a melody is played")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return p, nil
}

// seconds is a flag that takes "10" as well as "10s".
type seconds time.Duration

func (s *seconds) String() string { return time.Duration(*s).String() }

func (s *seconds) Set(text string) error {
	if n, err := strconv.ParseUint(text, 10, 20); err == nil {
		*s = seconds(time.Duration(n) * time.Second)
		return nil
	}
	d, err := time.ParseDuration(text)
	if err == nil && d < 0 {
		err = fmt.Errorf("negative duration %q", text)
	}
	*s = seconds(d)
	return err
}

var _ flag.Value = (*seconds)(nil)

// sound is what the caller lets be heard: speech, or a melody where the machine
// cannot speak.
func (p *placing) sound(ctx context.Context) (tone.Source, string) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if speech, err := tone.Speech(ctx, p.say, p.voice); err == nil {
		return tone.Loop(speech), "speech"
	}
	return tone.Loop(tone.Melody()), "a melody (espeak-ng would speak)"
}

// run places the call and tells what happens.
func (p *placing) run(ctx context.Context, out io.Writer) error {
	source, what := p.sound(ctx)
	ua, err := siptest.Open(siptest.Config{Server: p.addr})
	if err != nil {
		return err
	}
	defer ua.Close()
	ringing, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	call, err := ua.Invite(ringing, siptest.Invite{To: p.to, From: p.from, Name: p.name, Source: source})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s calls %s at %s with %s\n", p.from, p.to, p.addr, what)
	talking := make(chan struct{})
	go p.hangUpLater(ctx, call, talking)
	end, err := call.Follow(context.WithoutCancel(ctx), func(e siptest.Event) { tell(out, call, e) })
	<-talking
	if err != nil {
		return err
	}
	return conclude(out, call, end)
}

// hangUpLater ends the call when it has been talked enough, or when ctx ends.
func (p *placing) hangUpLater(ctx context.Context, call *siptest.Call, done chan<- struct{}) {
	defer close(done)
	if call.WaitAnswered(ctx) == nil {
		talk, cancel := context.WithTimeout(ctx, p.talk)
		_, _ = call.WaitEnded(talk) // the end, or time to hang up
		cancel()
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = call.Hangup(last) // Close makes sure
}

// tell prints one thing that the other side said.
func tell(out io.Writer, call *siptest.Call, e siptest.Event) {
	if e.Sent || e.Method != "INVITE" || e.Status == 0 {
		return
	}
	words := map[int]string{100: "trying", 180: "ringing", 183: "ringing, with sound", 200: "answered"}
	fmt.Fprintf(out, "%7.2f s  %s\n", call.Since(e.At).Seconds(), cmp.Or(words[e.Status], fmt.Sprintf("status %d", e.Status)))
}

// conclude prints how the call ended and chooses the exit code.
func conclude(out io.Writer, call *siptest.Call, end siptest.End) error {
	who := map[siptest.Side]string{siptest.Local: "us", siptest.Remote: "the other side", siptest.Nobody: "nobody"}[end.By]
	fmt.Fprintf(out, "%7.2f s  %s by %s", call.Since(end.At).Seconds(), end.How, who)
	if end.Cause != 0 {
		fmt.Fprintf(out, ", cause %d", end.Cause)
	}
	fmt.Fprintln(out)
	record := call.Record()
	switch {
	case !record.Answered.IsZero():
		fmt.Fprintf(out, "answered after %.1f s, talked %.1f s, %d packets of sound heard\n",
			call.Since(record.Answered).Seconds(), end.At.Sub(record.Answered).Seconds(), call.Media().Packets())
		return nil
	case end.Status == 486 || end.Status == 600:
		return exitBusy
	case end.How == siptest.Cancelled || end.Status == 408 || end.Status == 480 || end.Status == 603:
		return exitNoAnswer
	}
	if end.Reason != "" {
		fmt.Fprintln(out, end.Reason)
	}
	return exitUnreachable
}
