package scale

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidegate-io/tidegate/agent/worker"
	"github.com/tidegate-io/tidegate/checkpoint"
	"github.com/tidegate-io/tidegate/internal/run"
)

// cable is an agent's way to the daemon. Once cut it carries nothing.
type cable struct {
	m      *member
	to     *http.Transport
	broken atomic.Bool
}

func (c *cable) cut() { c.broken.Store(true) }

var errCut = errors.New("the cable is cut")

// RoundTrip implements http.RoundTripper.
func (c *cable) RoundTrip(q *http.Request) (*http.Response, error) {
	if c.broken.Load() {
		return nil, errCut
	}
	began := time.Now()
	resp, err := c.to.RoundTrip(q)
	if err == nil && strings.HasSuffix(q.URL.Path, "/Sync") {
		c.m.mu.Lock()
		c.m.replied = time.Now()
		c.m.syncs = append(c.m.syncs, time.Since(began))
		c.m.mu.Unlock()
	}
	return resp, err
}

// simulated is a runner that moves nothing: it reports, saves and obeys as one
// that does.
type simulated struct {
	m        *member
	as       run.Assignment
	deps     worker.RunDeps
	commands chan run.Command

	mu     sync.Mutex
	status run.Status
}

func (m *member) make(as run.Assignment, deps worker.RunDeps) (worker.Runner, error) {
	lag, gap := 0.2, uint64(4096)
	s := &simulated{m: m, as: as, deps: deps, commands: make(chan run.Command, 64)}
	s.status = run.Status{State: run.Preparing, LagSeconds: &lag, GapBytes: &gap,
		Position: run.Position{GTID: "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-18446744073", File: "binlog.000123", Offset: 123456789}}
	for i := range 20 {
		name := fmt.Sprintf("app.table_%02d", i)
		s.status.Tables = append(s.status.Tables, run.Table{Source: name, Target: name, State: run.TableLive, RowsDone: 1e6, RowsEstimated: 1e6, BytesDone: 1e8})
	}
	return s, nil
}

// Run implements worker.Runner.
func (s *simulated) Run(ctx context.Context) error {
	if s.as.Mode == run.ModeCheck {
		report := &run.CheckReport{}
		for i := range 10 {
			report.Findings = append(report.Findings, run.Finding{ID: fmt.Sprintf("check-%d", i), Level: run.LevelWarning, Object: "app", Found: "something to know", Remedy: "SET GLOBAL something = 1"})
		}
		s.deps.Sink.Report(run.Report{Kind: run.ReportCheck, Check: report})
		return nil
	}
	s.m.hold(s.as, true)
	defer s.m.hold(s.as, false)
	s.set(run.CatchingUp)
	save := time.NewTicker(5 * time.Second)
	defer save.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case c := <-s.commands:
			switch c.Kind {
			case run.Pause:
				s.set(run.Paused)
			case run.Resume:
				s.set(run.CaughtUp)
			case run.Complete:
				s.set(run.Completed)
				return nil
			}
		case <-save.C:
			if err := s.deps.Checkpoints.Save(ctx, s.as.Run, checkpoint.Records{"position": fmt.Appendf(nil, "%d %0200d", n, n)}); err != nil {
				return err
			}
		case <-time.After(time.Second):
			if s.Status().State == run.CatchingUp {
				s.set(run.CaughtUp)
			}
		}
	}
}

// Control implements worker.Runner.
func (s *simulated) Control(c run.Command) { s.commands <- c }

// Status implements worker.Runner.
func (s *simulated) Status() run.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

func (s *simulated) set(st run.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.State = st
	s.status.Applied.Transactions++
}

// hold notes that the agent runs a pipeline, or does not any more.
func (m *member) hold(as run.Assignment, on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if on {
		m.holds[as.Pipeline] = as.Epoch
	} else if m.holds[as.Pipeline] == as.Epoch {
		delete(m.holds, as.Pipeline)
	}
}
