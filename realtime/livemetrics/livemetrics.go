// Package livemetrics shows a realtime.Hub to Prometheus.
package livemetrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"centralita/realtime"
)

// Hub is what is shown; *realtime.Hub is one.
type Hub interface {
	Stats() realtime.Stats
}

// figure is one metric and where it comes from.
type figure struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(realtime.Stats) float64
}

type collector struct {
	hub     Hub
	figures []figure
}

// New returns a collector of the hub's figures, all named centralita_live_…
func New(hub Hub) prometheus.Collector {
	c := &collector{hub: hub}
	gauge := func(name, help string, value func(realtime.Stats) float64) {
		c.add(prometheus.GaugeValue, name, help, value)
	}
	counter := func(name, help string, value func(realtime.Stats) float64) {
		c.add(prometheus.CounterValue, name+"_total", help, value)
	}
	gauge("sockets", "Browsers' sockets connected now.", func(s realtime.Stats) float64 { return float64(s.Sockets) })
	gauge("users", "Users with a socket now.", func(s realtime.Stats) float64 { return float64(s.Users) })
	gauge("held_bytes", "Bytes of frames that wait for readers now.", func(s realtime.Stats) float64 { return float64(s.HeldBytes) })
	gauge("most_held_bytes", "Of these, for the one socket that holds most.", func(s realtime.Stats) float64 { return float64(s.MostHeld) })
	gauge("bus_down", "1 while messages of other processes don't arrive.", func(s realtime.Stats) float64 {
		if s.BusDown {
			return 1
		}
		return 0
	})
	counter("delivered", "Events queued for a socket.", func(s realtime.Stats) float64 { return float64(s.Delivered) })
	counter("cut_slow", "Sockets cut because they read too slowly.", func(s realtime.Stats) float64 { return float64(s.CutSlow) })
	counter("resumed", "Sockets that resumed with their whole gap.", func(s realtime.Stats) float64 { return float64(s.Resumed) })
	counter("resynced", "Orders to fetch everything anew.", func(s realtime.Stats) float64 { return float64(s.Resynced) })
	counter("refused", "Sockets ended for what the client sent.", func(s realtime.Stats) float64 { return float64(s.Refused) })
	counter("gap_reads", "Reads of a stream from the database.", func(s realtime.Stats) float64 { return float64(s.GapReads) })
	return c
}

func (c *collector) add(kind prometheus.ValueType, name, help string, value func(realtime.Stats) float64) {
	desc := prometheus.NewDesc("centralita_live_"+name, help, nil, nil)
	c.figures = append(c.figures, figure{desc: desc, kind: kind, value: value})
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, f := range c.figures {
		out <- f.desc
	}
}

// Collect implements prometheus.Collector: all figures are of one moment.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	now := c.hub.Stats()
	for _, f := range c.figures {
		out <- prometheus.MustNewConstMetric(f.desc, f.kind, f.value(now))
	}
}
