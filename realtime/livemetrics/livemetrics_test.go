package livemetrics_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"centralita/realtime"
	"centralita/realtime/livemetrics"
)

type still realtime.Stats

func (s still) Stats() realtime.Stats { return realtime.Stats(s) }

func TestEveryFigureIsShown(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(livemetrics.New(still{
		Sockets: 1, Users: 2, HeldBytes: 3, MostHeld: 4, BusDown: true, Delivered: 5,
		CutSlow: 6, Resumed: 7, Resynced: 8, Refused: 9, GapReads: 10,
	}))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		m := f.GetMetric()[0]
		got[f.GetName()] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
	}
	want := map[string]float64{
		"centralita_live_sockets": 1, "centralita_live_users": 2, "centralita_live_held_bytes": 3,
		"centralita_live_most_held_bytes": 4, "centralita_live_bus_down": 1, "centralita_live_delivered_total": 5,
		"centralita_live_cut_slow_total": 6, "centralita_live_resumed_total": 7, "centralita_live_resynced_total": 8,
		"centralita_live_refused_total": 9, "centralita_live_gap_reads_total": 10,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
