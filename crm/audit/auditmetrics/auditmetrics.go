// Package auditmetrics shows the state of the log to a monitor.
package auditmetrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"centralita/crm/audit"
)

// Metrics collects the state of one server's keeper.
type Metrics struct {
	keeper                               *audit.Keeper
	sealed, unsealed, lag, age, tampered *prometheus.Desc
}

// New returns the collector of keeper.
func New(keeper *audit.Keeper) *Metrics {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("centralita_audit_"+name, help, nil, nil)
	}
	return &Metrics{
		keeper:   keeper,
		sealed:   desc("entries_sealed", "Entries in the chain."),
		unsealed: desc("entries_unsealed", "Entries that wait for their place in the chain."),
		lag:      desc("seal_lag_seconds", "Age of the oldest entry without a place."),
		age:      desc("checkpoint_age_seconds", "Time since the last signed checkpoint of this server; 0 before the first."),
		tampered: desc("tampered", "1 when the log contradicts its last checkpoint."),
	}
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.sealed, m.unsealed, m.lag, m.age, m.tampered} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	s := m.keeper.Seals()
	gauge := func(d *prometheus.Desc, v float64) { ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v) }
	gauge(m.sealed, float64(s.Sealed))
	gauge(m.unsealed, float64(s.Unsealed))
	gauge(m.lag, since(s.OldestAt))
	gauge(m.age, since(s.CheckpointAt))
	tampered := 0.0
	if s.Tampered {
		tampered = 1
	}
	gauge(m.tampered, tampered)
}

func since(at *time.Time) float64 {
	if at == nil {
		return 0
	}
	return time.Since(*at).Seconds()
}
