package worker

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/tidegate-io/tidegate/internal/run"
)

var (
	runLabels   = []string{"pipeline"}
	descState   = prometheus.NewDesc("tidegate_run_state", "State of a run on this agent.", []string{"pipeline", "state"}, nil)
	descLag     = prometheus.NewDesc("tidegate_run_lag_seconds", "Age of the oldest source transaction that is not on the target.", runLabels, nil)
	descGap     = prometheus.NewDesc("tidegate_run_gap_bytes", "Source log that is not on the target.", runLabels, nil)
	descCopied  = prometheus.NewDesc("tidegate_run_copied_rows", "Rows copied.", runLabels, nil)
	descBytes   = prometheus.NewDesc("tidegate_run_copied_bytes", "Bytes copied.", runLabels, nil)
	descTx      = prometheus.NewDesc("tidegate_run_applied_transactions", "Source transactions applied.", runLabels, nil)
	descRows    = prometheus.NewDesc("tidegate_run_applied_rows", "Row changes applied.", runLabels, nil)
	descJobs    = prometheus.NewDesc("tidegate_agent_runs", "Runs on this agent.", nil, nil)
	descRoom    = prometheus.NewDesc("tidegate_agent_capacity_runs", "Runs this agent may have.", nil, nil)
	descInTouch = prometheus.NewDesc("tidegate_agent_daemon_connected", "1 while the daemon answers.", nil, nil)
)

// Gather implements prometheus.Gatherer: the agent's own numbers, and those of
// the engine of each run while it is here.
func (w *Worker) Gather() ([]*dto.MetricFamily, error) {
	own := prometheus.NewRegistry()
	if err := own.Register(collector{w}); err != nil {
		return nil, err
	}
	all := prometheus.Gatherers{own}
	w.mu.Lock()
	for _, j := range w.jobs {
		all = append(all, j.metrics)
	}
	w.mu.Unlock()
	return all.Gather()
}

type collector struct{ w *Worker }

func (m collector) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, ch) }

func (m collector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	w := m.w
	w.mu.Lock()
	jobs := make(map[string]run.Status, len(w.jobs))
	for _, j := range w.jobs {
		if j.as.Mode != run.ModePlan {
			jobs[j.as.Pipeline], _ = j.report()
		}
	}
	w.mu.Unlock()
	gauge(descJobs, float64(len(jobs)))
	gauge(descRoom, float64(w.cfg.Capacity))
	w.state.Lock()
	connected := 0.0
	if w.state.connected {
		connected = 1
	}
	w.state.Unlock()
	gauge(descInTouch, connected)
	for p, s := range jobs {
		gauge(descState, 1, p, string(s.State))
		if s.LagSeconds != nil {
			gauge(descLag, *s.LagSeconds, p)
		}
		if s.GapBytes != nil {
			gauge(descGap, float64(*s.GapBytes), p)
		}
		var rows, bytes uint64
		for _, t := range s.Tables {
			rows, bytes = rows+t.RowsDone, bytes+t.BytesDone
		}
		gauge(descCopied, float64(rows), p)
		gauge(descBytes, float64(bytes), p)
		gauge(descTx, float64(s.Applied.Transactions), p)
		gauge(descRows, float64(s.Applied.Rows), p)
	}
}
