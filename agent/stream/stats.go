package stream

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tidegate-io/tidegate/internal/change"
)

// Stats is how a Reader stands.
type Stats struct {
	Events       uint64
	Bytes        uint64 // of the log, as sent
	Transactions uint64 // handed over, empty ones included
	Changes      uint64 // rows handed over
	Connections  uint64 // made in all; the first included

	Connected bool
	Retrying  time.Time // since when there is no connection; zero if there is
	LastError string    // why, while Retrying

	LastEvent time.Time       // when something last came from the source, heartbeats included
	LastTime  time.Time       // when the source committed what was last handed over
	Position  change.Position // File and Offset of what was last handed over
	Prepared  int             // XA transactions kept back
	Oldest    time.Time       // when the oldest of them was prepared
}

// Stats returns a copy.
func (r *Reader) Stats() Stats {
	r.statsMu.Lock()
	defer r.statsMu.Unlock()
	return r.stats
}

func (r *Reader) connected() {
	r.statsMu.Lock()
	defer r.statsMu.Unlock()
	r.stats.Connected = true
	r.stats.Connections++
	r.stats.Retrying, r.stats.LastError = time.Time{}, ""
	r.stats.LastEvent = time.Now()
}

func (r *Reader) retrying(err error, since time.Time) {
	r.statsMu.Lock()
	defer r.statsMu.Unlock()
	r.stats.Connected = false
	r.stats.Retrying, r.stats.LastError = since, err.Error()
}

func (r *Reader) count(e *event) {
	r.statsMu.Lock()
	defer r.statsMu.Unlock()
	r.stats.Events++
	r.stats.Bytes += uint64(e.size)
	if e.kind == evXAPrepare || e.kind == evQuery || e.kind == evQueryZ {
		r.stats.Prepared, r.stats.Oldest = len(r.asm.prepared.byXID), time.Time{}
		if p := r.asm.prepared.oldest(); p != nil {
			r.stats.Oldest = p.at
		}
	}
	if r.stats.Events%64 == 0 || e.kind == evHeartbeat {
		r.stats.LastEvent = time.Now()
	}
}

func (r *Reader) delivered(t *change.Txn) {
	r.statsMu.Lock()
	defer r.statsMu.Unlock()
	r.stats.Changes += uint64(len(t.Changes))
	if t.More {
		return
	}
	r.stats.Transactions++
	r.stats.LastTime = t.Time
	r.stats.Position.File, r.stats.Position.Offset = t.File, t.Offset
}

// collector shows a Reader's Stats as metrics.
type collector struct {
	r *Reader
}

func desc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("tidegate_stream_"+name, help, nil, nil)
}

var (
	descEvents       = desc("events_total", "Events read from the source's log.")
	descBytes        = desc("read_bytes_total", "Bytes read from the source's log.")
	descTransactions = desc("transactions_total", "Transactions read to their end.")
	descChanges      = desc("changes_total", "Row changes of selected tables read.")
	descConnections  = desc("connections_total", "Replication connections made.")
	descConnected    = desc("connected", "1 while there is a replication connection.")
	descPrepared     = desc("xa_prepared", "XA transactions that are prepared and not decided.")
	descOldest       = desc("xa_oldest_timestamp_seconds", "When the oldest undecided XA transaction was prepared; 0 if there is none.")
	descLast         = desc("last_commit_timestamp_seconds", "When the source committed the transaction read last; 0 if none was read.")
)

// Describe lists the metrics.
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descEvents, descBytes, descTransactions, descChanges, descConnections, descConnected, descPrepared, descOldest, descLast} {
		ch <- d
	}
}

// Collect gives their values.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	s := c.r.Stats()
	counter := func(d *prometheus.Desc, v uint64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v))
	}
	gauge := func(d *prometheus.Desc, v float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	counter(descEvents, s.Events)
	counter(descBytes, s.Bytes)
	counter(descTransactions, s.Transactions)
	counter(descChanges, s.Changes)
	counter(descConnections, s.Connections)
	connected := 0.0
	if s.Connected {
		connected = 1
	}
	gauge(descConnected, connected)
	gauge(descPrepared, float64(s.Prepared))
	gauge(descOldest, seconds(s.Oldest))
	gauge(descLast, seconds(s.LastTime))
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMicro()) / 1e6
}

// register shows the metrics while the Reader runs, and returns what ends that.
func (r *Reader) register() (unregister func()) {
	if r.deps.Registry == nil {
		return func() {}
	}
	c := collector{r}
	if err := r.deps.Registry.Register(c); err != nil {
		r.deps.Log.Warn().Err(err).Msg("stream metrics are not shown")
		return func() {}
	}
	return func() { r.deps.Registry.Unregister(c) }
}
