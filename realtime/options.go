package realtime

import (
	"context"
	"log/slog"
	"time"
)

// Options tune a Hub. The zero value is good for production; all hooks may be
// nil. Connected and Disconnected are called one at a time, in order, and must
// not wait for the hub.
type Options struct {
	// Connected is called after a tab has joined, Disconnected after one that had
	// joined is gone. tabs is how many the user then has in this process.
	Connected, Disconnected func(userID int64, tabs int)
	// Message gets the client's frames that the hub doesn't know, whole, in order
	// for each tab. data must not be kept. ctx has the values of the request.
	Message func(ctx context.Context, from Peer, kind string, data []byte)
	// Ended returns which of the sessions are over. It is asked for all connected
	// sessions at once, every CatchUpEvery: it finds the kicks that the bus lost.
	Ended func(ctx context.Context, sessionIDs []int64) ([]int64, error)

	SocketsPerUser int           // beyond it the oldest makes room; default 12
	MaxSockets     int           // of the process; default 10,000
	QueueBytes     int           // held for one socket; default 512 KiB
	QueueFrames    int           // waiting for one socket; default 1024
	GapEvents      int           // the longest gap that is sent event by event; default 256
	FramesPerSec   float64       // of one client, on average; default 20
	FrameBurst     int           // of one client at once; default 60
	OpensPerSec    float64       // new sockets of one user, on average; default 4
	OpenBurst      int           // new sockets of one user at once; default 40
	HelloWithin    time.Duration // default 5 s
	CatchUpEvery   time.Duration // positions compared with the database; default 2 s
	RefetchEvery   time.Duration // browsers told to fetch anew while the bus is down; default 10 s
	Logger         *slog.Logger
}

func (o Options) withDefaults() Options {
	o.SocketsPerUser = orDefault(o.SocketsPerUser, 12)
	o.MaxSockets = orDefault(o.MaxSockets, 10_000)
	o.QueueBytes = orDefault(o.QueueBytes, 512<<10)
	o.QueueFrames = orDefault(o.QueueFrames, 1024)
	o.GapEvents = orDefault(o.GapEvents, 256)
	o.FramesPerSec = orDefault(o.FramesPerSec, 20)
	o.FrameBurst = orDefault(o.FrameBurst, 60)
	o.OpensPerSec = orDefault(o.OpensPerSec, 4)
	o.OpenBurst = orDefault(o.OpenBurst, 40)
	o.HelloWithin = orDefault(o.HelloWithin, 5*time.Second)
	o.CatchUpEvery = orDefault(o.CatchUpEvery, 2*time.Second)
	o.RefetchEvery = orDefault(o.RefetchEvery, 10*time.Second)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

func orDefault[T int | float64 | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}
