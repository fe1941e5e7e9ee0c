package scale

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/agent/worker"
	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/api/tidegate/v1/tidegatev1connect"
	"github.com/tidegate-io/tidegate/checkpoint"
	"github.com/tidegate-io/tidegate/internal/run"
)

// fleet is many agents in this process, each a real worker with its own
// connections to the daemon.
type fleet struct {
	t        *testing.T
	d        *daemon
	capacity int
	agents   []*member
	rows     []string // of the table of results
}

// member is one agent.
type member struct {
	id      string
	alive   bool
	end     context.CancelFunc
	done    chan struct{}
	cable   *cable
	mu      sync.Mutex
	holds   map[string]uint64 // pipelines it runs now, with their epochs
	replied time.Time         // of the last answer of the daemon
	syncs   []time.Duration   // how long answers took
}

func newFleet(t *testing.T, d *daemon, n, capacity int) *fleet {
	f := &fleet{t: t, d: d, capacity: capacity}
	for i := range n {
		f.agents = append(f.agents, &member{id: fmt.Sprintf("agent-%04d", i), holds: map[string]uint64{}, done: make(chan struct{})})
	}
	return f
}

// start runs all agents and waits until the daemon knows them.
func (f *fleet) start() {
	f.t.Helper()
	for _, m := range f.agents {
		f.startOne(m)
	}
	f.t.Cleanup(func() {
		for _, m := range f.agents {
			m.lose()
		}
		for _, m := range f.agents {
			<-m.done
		}
	})
	f.until(time.Minute, "every agent known", func() (bool, string) {
		n := f.inTouch(time.Time{})
		return n == len(f.agents), fmt.Sprintf("%d of %d", n, len(f.agents))
	})
}

func (f *fleet) startOne(m *member) {
	f.t.Helper()
	m.cable = &cable{m: m, to: &http.Transport{MaxIdleConnsPerHost: 4}}
	w, err := worker.New(worker.Config{ID: m.id, Capacity: f.capacity, Dir: f.t.TempDir(), Version: "simulated"}, worker.Deps{
		Daemon:  tidegatev1connect.NewAgentServiceClient(&http.Client{Transport: m.cable}, "http://"+f.d.address),
		Factory: m.make, Checkpoints: checkpoint.NewMemory(), Log: zerolog.Nop(),
	})
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.end, m.alive = cancel, true
	go func() {
		defer close(m.done)
		if err := w.Run(ctx); err != nil && !errors.Is(err, worker.ErrReplaced) {
			f.t.Error(err)
		}
	}()
}

// lose cuts an agent off without a word and ends it.
func (m *member) lose() {
	m.alive = false
	m.cable.cut()
	m.end()
}

func (f *fleet) lose(n int) {
	for _, m := range f.agents[:n] {
		m.lose()
	}
}

func (f *fleet) living() []*member {
	return slices.DeleteFunc(slices.Clone(f.agents), func(m *member) bool { return !m.alive })
}

// inTouch counts the living agents that the daemon answered after a moment.
func (f *fleet) inTouch(after time.Time) int {
	n := 0
	for _, m := range f.living() {
		m.mu.Lock()
		if m.replied.After(after) {
			n++
		}
		m.mu.Unlock()
	}
	return n
}

func (f *fleet) list() []*pb.RunStatus {
	f.t.Helper()
	resp, err := f.d.ListStatus(f.t.Context(), connect.NewRequest(&pb.ListStatusRequest{}))
	if err != nil {
		f.t.Fatal(err)
	}
	return resp.Msg.GetStatuses()
}

func (f *fleet) inState(want run.State) (bool, string) {
	states := map[string]int{}
	all := f.list()
	for _, s := range all {
		states[s.GetStatus().GetState()]++
	}
	return len(all) == *pipelines && states[string(want)] == len(all), fmt.Sprint(states)
}

// settled: every run is caught up, on an agent that lives.
func (f *fleet) settled() (bool, string) {
	ok, what := f.inState(run.CaughtUp)
	if !ok {
		return false, what
	}
	alive := map[string]bool{}
	for _, m := range f.living() {
		alive[m.id] = true
	}
	for _, s := range f.list() {
		if !alive[s.GetAgent()] {
			return false, s.GetPipeline() + " is on lost agent " + s.GetAgent()
		}
	}
	return true, ""
}

func (f *fleet) names() []string {
	var out []string
	for _, s := range f.list() {
		out = append(out, s.GetPipeline())
	}
	return out
}

func (f *fleet) epochs() map[string]uint64 {
	out := map[string]uint64{}
	for _, s := range f.list() {
		out[s.GetPipeline()] = s.GetEpoch()
	}
	return out
}

// balanced: the least busy agent got each run, so that no two differ by much; a
// few may have been out of touch at that moment on a machine that is busy.
func (f *fleet) balanced() {
	f.t.Helper()
	var loads []int
	for _, m := range f.living() {
		m.mu.Lock()
		loads = append(loads, len(m.holds))
		m.mu.Unlock()
	}
	slices.Sort(loads)
	least, most := loads[len(loads)/20], loads[len(loads)-1-len(loads)/20]
	if loads[len(loads)-1] > f.capacity || most-least > 2 {
		f.t.Errorf("agents hold %d runs, capacity %d", loads, f.capacity)
	}
	f.once()
}

// once waits until every run is held by the agent the daemon names, under its
// epoch. No other living one may hold it, not even on the way there.
func (f *fleet) once() {
	f.t.Helper()
	f.until(time.Minute, "every run to be held by the agent the daemon names", func() (bool, string) {
		held := map[string][]string{}
		for _, m := range f.living() {
			m.mu.Lock()
			for p, epoch := range m.holds {
				held[p] = append(held[p], fmt.Sprintf("%s/%d", m.id, epoch))
			}
			m.mu.Unlock()
		}
		var apart []string
		for _, s := range f.list() {
			want := fmt.Sprintf("%s/%d", s.GetAgent(), s.GetEpoch())
			got := held[s.GetPipeline()]
			if len(got) > 1 {
				f.t.Fatalf("%s is held by %v", s.GetPipeline(), got)
			}
			if len(got) != 1 || got[0] != want {
				apart = append(apart, fmt.Sprintf("%s is held by %v, the daemon says %s", s.GetPipeline(), got, want))
			}
		}
		return len(apart) == 0, strings.Join(apart[:min(len(apart), 5)], "; ")
	})
}

func (f *fleet) until(limit time.Duration, what string, ok func() (bool, string)) {
	f.t.Helper()
	end := time.Now().Add(limit)
	for {
		done, state := ok()
		if done {
			return
		}
		if time.Now().After(end) {
			f.t.Fatalf("waited %s for %s: %s", limit, what, state)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// phase runs one phase and notes what it took.
func (f *fleet) phase(name string, do func()) {
	f.t.Helper()
	before, began := f.d.usage(f.t), time.Now()
	do()
	took, after := time.Since(began), f.d.usage(f.t)
	if after.cpu < before.cpu { // a new process
		before.cpu = 0
	}
	f.rows = append(f.rows, fmt.Sprintf("| %s | %.1f s | %.1f s | %d MiB | %.1f MiB |", name, took.Seconds(), (after.cpu-before.cpu).Seconds(), after.rss>>20, float64(f.d.stored(f.t))/(1<<20)))
	f.t.Log(f.rows[len(f.rows)-1])
}

// table is what was measured.
func (f *fleet) table() string {
	return fmt.Sprintf("%d agents, %d pipelines\n| phase | took | daemon's CPU | its peak RSS | its store |\n| --- | --- | --- | --- | --- |\n%s", len(f.agents), *pipelines, strings.Join(f.rows, "\n"))
}

// measure asks the API as people would while the fleet is at rest.
func (f *fleet) measure(d time.Duration) {
	f.t.Helper()
	for _, m := range f.agents {
		m.mu.Lock()
		m.syncs = nil
		m.mu.Unlock()
	}
	names, ctx := f.names(), f.t.Context()
	calls := []struct {
		name string
		do   func(i int) error
	}{
		{"GetStatus", func(i int) error {
			_, err := f.d.GetStatus(ctx, connect.NewRequest(&pb.GetStatusRequest{Pipeline: names[i%len(names)]}))
			return err
		}},
		{"ListStatus", func(int) error {
			_, err := f.d.ListStatus(ctx, connect.NewRequest(&pb.ListStatusRequest{}))
			return err
		}},
		{"ListAgents", func(int) error {
			_, err := f.d.ListAgents(ctx, connect.NewRequest(&pb.ListAgentsRequest{}))
			return err
		}},
		{"ListEvents of one", func(i int) error {
			resp, err := f.d.ListEvents(ctx, connect.NewRequest(&pb.ListEventsRequest{Pipeline: names[i%len(names)]}))
			if err == nil && len(resp.Msg.GetEvents()) == 0 {
				err = fmt.Errorf("pipeline %s has no events", names[i%len(names)])
			}
			return err
		}},
		{"pause, resume", func(i int) error {
			for _, op := range []string{"pause", "resume"} {
				if _, err := f.d.Operate(ctx, connect.NewRequest(&pb.OperateRequest{Pipeline: names[i%len(names)], Op: op, Actor: "test"})); err != nil {
					return err
				}
			}
			return nil
		}},
	}
	took := make([][]time.Duration, len(calls))
	for i, end := 0, time.Now().Add(d); time.Now().Before(end); i++ {
		for n, c := range calls {
			began := time.Now()
			if err := c.do(i * 7); err != nil {
				f.t.Fatalf("%s: %v", c.name, err)
			}
			took[n] = append(took[n], time.Since(began))
		}
		time.Sleep(100 * time.Millisecond)
	}
	for n, c := range calls {
		f.rows = append(f.rows, latency(c.name, took[n]))
	}
	var syncs []time.Duration
	for _, m := range f.agents {
		m.mu.Lock()
		syncs = append(syncs, m.syncs...)
		m.mu.Unlock()
	}
	f.rows = append(f.rows, latency(fmt.Sprintf("Sync, %.0f a second", float64(len(syncs))/d.Seconds()), syncs))
}

func latency(name string, d []time.Duration) string {
	return fmt.Sprintf("| … %s | p50 %.1f ms | p99 %.1f ms | | |", name, quantile(d, 0.5).Seconds()*1000, quantile(d, 0.99).Seconds()*1000)
}
