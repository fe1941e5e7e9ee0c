package snapshot

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/tidegate-io/tidegate/agent/ledger"
)

// TableStats is how far one table is.
type TableStats struct {
	ID                        int
	State                     ledger.TableState
	RowsDone, RowsEstimated   int64
	BytesDone, BytesEstimated int64
}

// Stats is how far the copy is.
type Stats struct {
	Tables   []TableStats
	Retrying string // what is being retried, empty: nothing
}

// Stats returns a copy of the present figures.
func (c *Copier) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Stats{Retrying: c.retry.why(), Tables: make([]TableStats, 0, len(c.order))}
	for _, t := range c.order {
		s.Tables = append(s.Tables, TableStats{
			ID: t.ID, State: t.state(), RowsDone: t.done.Rows, BytesDone: t.done.Bytes,
			RowsEstimated: max(t.Rows, t.done.Rows), BytesEstimated: max(t.Bytes, t.done.Bytes),
		})
	}
	return s
}

func (t *tableCopy) state() ledger.TableState {
	switch {
	case t.finished:
		return ledger.Copied
	case t.ranger == nil && t.busy > 0:
		return ledger.Exact
	case t.ranger != nil && (t.closed || t.waiting+t.busy > 0 || t.done.Rows > 0):
		return ledger.Copying
	default:
		return ledger.Pending
	}
}

// progress counts a piece.
func (c *Copier) progress(t *tableCopy, d ledger.Done) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.done.Rows += d.Rows
	t.done.Bytes += d.Bytes
}

// Metrics counts what the copies of an agent, or of a run, have done.
type Metrics struct {
	rows, bytes, chunks prometheus.Counter
	seconds             prometheus.Histogram
}

// NewMetrics registers them; a nil registerer works.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	f := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Namespace: "tidegate", Subsystem: "copy", Name: name, Help: help})
	}
	return &Metrics{
		rows:   counter("rows_total", "Rows that were copied to the target."),
		bytes:  counter("bytes_total", "Bytes of values that were copied, as the source sent them."),
		chunks: counter("chunks_total", "Chunks and pieces that were committed on the target."),
		seconds: f.NewHistogram(prometheus.HistogramOpts{Namespace: "tidegate", Subsystem: "copy", Name: "chunk_seconds",
			Help: "Time from a chunk's low mark to its commit on the target.", Buckets: prometheus.ExponentialBuckets(0.005, 3, 9)}),
	}
}

func (m *Metrics) chunk(d ledger.Done, took time.Duration) {
	m.rows.Add(float64(d.Rows))
	m.bytes.Add(float64(d.Bytes))
	m.chunks.Inc()
	m.seconds.Observe(took.Seconds())
}
