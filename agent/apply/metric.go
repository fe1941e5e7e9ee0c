package apply

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
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

// newMetrics makes the stage's metrics; a nil registerer registers nothing.
func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Namespace: "tidegate", Subsystem: "apply", Name: name, Help: help})
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return f.NewHistogram(prometheus.HistogramOpts{Namespace: "tidegate", Subsystem: "apply", Name: name, Help: help,
			Buckets: buckets, NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour})
	}
	return &metrics{
		transactions: counter("transactions_total", "Source transactions applied on the target."),
		rows:         counter("rows_total", "Row changes applied on the target."),
		batches:      counter("batches_total", "Batches committed by every lane."),
		contended:    counter("contended_total", "Shares that were repeated after a deadlock or a lock wait."),
		retries:      counter("retries_total", "Times the target was fenced and its ledger read after an error."),
		conflicts: f.NewCounterVec(prometheus.CounterOpts{Namespace: "tidegate", Subsystem: "apply", Name: "conflicts_total",
			Help: "Rows of the target that were not as expected, by what was done."}, []string{"policy"}),
		seconds:   histogram("batch_seconds", "Time from the first statement of a batch to its last commit.", prometheus.ExponentialBuckets(0.001, 4, 8)),
		batchRows: histogram("batch_rows", "Row changes in a batch.", prometheus.ExponentialBuckets(1, 8, 7)),
	}
}

func (m *metrics) done(b *batch, took time.Duration) {
	m.transactions.Add(float64(b.txns))
	m.rows.Add(float64(b.rows))
	m.batches.Inc()
	m.batchRows.Observe(float64(b.rows))
	m.seconds.Observe(took.Seconds())
}
