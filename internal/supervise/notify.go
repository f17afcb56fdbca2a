package supervise

import (
	"context"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Notify keeps systemd informed, where it has asked for that (Type=notify, WatchdogSec=): it says that we are ready
// once alive has answered, and then, as often as wanted, that we live, as long as alive goes on answering. A process
// that hangs says nothing, and systemd starts another. It returns when ctx ends.
func Notify(ctx context.Context, alive func(context.Context) error, log *slog.Logger) {
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("systemd's watchdog is not served", "error", err)
	}
	tell := func(state string) (asked bool) {
		asked, err := daemon.SdNotify(false, state)
		if err != nil {
			log.Warn("systemd is not told", "state", state, "error", err)
		}
		return asked
	}
	pause := probeEvery
	for ready := false; ; {
		if answers(ctx, alive) {
			if !ready && !tell(daemon.SdNotifyReady) {
				return // nobody has asked
			}
			ready, pause = true, every/3
			if every == 0 {
				return // ready is all that was asked
			}
			tell(daemon.SdNotifyWatchdog)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// answers asks once.
func answers(ctx context.Context, alive func(context.Context) error) bool {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	return alive(ctx) == nil
}
