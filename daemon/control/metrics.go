package control

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tidegate-io/tidegate/internal/run"
)

var (
	descRuns   = prometheus.NewDesc("tidegate_daemon_runs", "Newest runs of all pipelines by state.", []string{"state"}, nil)
	descAgents = prometheus.NewDesc("tidegate_daemon_agents", "Known agents; alive ones hold a lease.", []string{"alive"}, nil)
	descLease  = prometheus.NewDesc("tidegate_daemon_agent_silence_seconds", "Time since an agent was last heard of.", []string{"agent"}, nil)
	descEpoch  = prometheus.NewDesc("tidegate_daemon_epoch_total", "Assignments handed out.", nil, nil)
	descState  = prometheus.NewDesc("tidegate_daemon_run_state", "State of a pipeline's newest run.", []string{"pipeline", "state"}, nil)
)

// collector shows Control's numbers as they are when asked.
type collector struct{ c *Control }

func (m collector) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, ch) }

func (m collector) Collect(ch chan<- prometheus.Metric) {
	c := m.c
	c.mu.Lock()
	defer c.mu.Unlock()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	states := map[run.State]int{}
	for name, p := range c.data.Pipelines {
		s := c.data.Runs[p.Run].State
		states[s]++
		gauge(descState, 1, name, string(s))
	}
	for _, s := range run.States() {
		gauge(descRuns, float64(states[s]), string(s))
	}
	alive := 0
	for id := range c.data.Agents {
		if c.alive(id) {
			alive++
		}
		if seen, ok := c.presence.at(id); ok {
			gauge(descLease, c.deps.Now().Sub(seen).Seconds(), id)
		}
	}
	gauge(descAgents, float64(alive), "true")
	gauge(descAgents, float64(len(c.data.Agents)-alive), "false")
	ch <- prometheus.MustNewConstMetric(descEpoch, prometheus.CounterValue, float64(c.data.Counters.Epoch))
}
