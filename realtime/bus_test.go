package realtime_test

import (
	"testing"

	"centralita/realtime"
	"centralita/realtime/bustest"
)

func TestLocalBus(t *testing.T) {
	bustest.Run(t, func(*testing.T) (a, b realtime.Bus) {
		bus := realtime.NewLocalBus()
		return bus, bus
	})
}
