package apply

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	transactions prometheus.Counter
	rows         prometheus.Counter
	batches      prometheus.Counter
	contended    prometheus.Counter
	retries      prometheus.Counter
	conflicts    *prometheus.CounterVec
	seconds      prometheus.Histogram
	batchRows    prometheus.Histogram
}

func newMetrics() *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "tidegate", Subsystem: "apply", Name: name, Help: help})
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "tidegate", Subsystem: "apply", Name: name, Help: help,
			Buckets: buckets, NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour})
	}
	return &metrics{
		transactions: counter("transactions_total", "Source transactions applied on the target."),
		rows:         counter("rows_total", "Row changes applied on the target."),
		batches:      counter("batches_total", "Batches committed by every lane."),
		contended:    counter("contended_total", "Shares that were repeated after a deadlock or a lock wait."),
		retries:      counter("retries_total", "Times the target was fenced and its ledger read after an error."),
		conflicts: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "tidegate", Subsystem: "apply", Name: "conflicts_total",
			Help: "Rows of the target that were not as expected, by what was done."}, []string{"policy"}),
		seconds:   histogram("batch_seconds", "Time from the first statement of a batch to its last commit.", prometheus.ExponentialBuckets(0.001, 4, 8)),
		batchRows: histogram("batch_rows", "Row changes in a batch.", prometheus.ExponentialBuckets(1, 8, 7)),
	}
}

// register shows the metrics for as long as Run runs: a run has one Applier
// after another, and none must meet the series of the one before. reg may be
// nil.
func (m *metrics) register(reg prometheus.Registerer) (remove func(), err error) {
	all := []prometheus.Collector{m.transactions, m.rows, m.batches, m.contended, m.retries, m.conflicts, m.seconds, m.batchRows}
	remove = func() {
		for _, c := range all {
			if reg != nil {
				reg.Unregister(c)
			}
		}
	}
	if reg == nil {
		return remove, nil
	}
	for n, c := range all {
		if err := reg.Register(c); err != nil {
			all = all[:n]
			remove()
			return nil, fmt.Errorf("register the metrics of apply: %w", err)
		}
	}
	return remove, nil
}

func (m *metrics) done(b *batch, took time.Duration) {
	m.transactions.Add(float64(b.txns))
	m.rows.Add(float64(b.rows))
	m.batches.Inc()
	m.batchRows.Observe(float64(b.rows))
	m.seconds.Observe(took.Seconds())
}
