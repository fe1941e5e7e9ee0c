package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/run"
)

const demoPassword = dbtest.Password

func (m *migration) pipelineFile() string {
	return fmt.Sprintf(`
endpoint "old" {
  address  = %q
  user     = %q
  password = env("DEMO_PASSWORD")
}

endpoint "new" {
  address  = %q
  user     = %q
  password = env("DEMO_PASSWORD")
}

pipeline "shop" {
  from = endpoint.old
  to   = endpoint.new

  objects {
    database "shop" {
      rename = "shop_v2"
    }
  }

  copy {
    threads = 2
    chunk   = "2MiB"
  }

  cutover {
    hold         = "2s"
    fence_source = true
  }
}
`, m.src.Addr, m.src.User, m.dst.Addr, m.dst.User)
}

// apply hands the pipeline file to the daemon as an operator does.
func (m *migration) apply(ctx context.Context) error {
	file := filepath.Join(m.work, "shop.hcl")
	if err := os.WriteFile(file, []byte(m.pipelineFile()), 0o600); err != nil {
		return err
	}
	return m.until(ctx, 20*time.Second, "the daemon to take the pipeline", func() (bool, error) {
		out, code, err := m.cli(ctx, "apply", file, "--yes")
		if err != nil || code == 0 {
			return code == 0, err
		}
		return false, fmt.Errorf("apply ended with status %d: %s", code, out)
	})
}

// until polls; an error of ask is kept and shown only when time runs out.
func (m *migration) until(ctx context.Context, limit time.Duration, what string, ask func() (bool, error)) error {
	deadline := time.Now().Add(limit)
	for {
		ok, err := ask()
		if ok {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %s for %s: %w", limit, what, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

type shownStatus struct {
	run.Status
	Pipeline string `json:"pipeline"`
}

func (m *migration) status(ctx context.Context) (shownStatus, error) {
	var s shownStatus
	out, code, err := m.cli(ctx, "--json", "status", "shop")
	if err != nil {
		return s, err
	}
	if code != 0 {
		return s, fmt.Errorf("status ended with %d: %s", code, out)
	}
	if err := json.Unmarshal(out, &s); err != nil {
		return s, fmt.Errorf("read status: %w", err)
	}
	if s.LagSeconds != nil {
		m.res.highestLag = max(m.res.highestLag, *s.LagSeconds)
	}
	switch s.State {
	case run.Errored, run.CheckFailed, run.Stopped:
		if s.Error != nil {
			return s, stopped{fmt.Errorf("the run is in state %s: %s (%s)", s.State, s.Error.Message, s.Error.Remedy)}
		}
		return s, stopped{fmt.Errorf("the run is in state %s", s.State)}
	}
	return s, nil
}

// stopped is an error no waiting mends.
type stopped struct{ error }

// reach waits until the status satisfies ok.
func (m *migration) reach(ctx context.Context, limit time.Duration, what string, ok func(shownStatus) bool) error {
	var final error
	err := m.until(ctx, limit, what, func() (bool, error) {
		s, err := m.status(ctx)
		if _, isFinal := err.(stopped); isFinal {
			final = err
			return true, nil
		}
		if err == nil && !ok(s) {
			err = fmt.Errorf("state %s, step %s", s.State, s.Step)
		}
		return err == nil, err
	})
	if final != nil {
		return final
	}
	return err
}

func copied(s shownStatus) (rows, bytes, estimated uint64) {
	for _, t := range s.Tables {
		rows, bytes, estimated = rows+t.RowsDone, bytes+t.BytesDone, estimated+t.RowsEstimated
	}
	return rows, bytes, estimated
}

func (m *migration) killInCopy(ctx context.Context) error {
	begin := time.Now()
	err := m.reach(ctx, 60*time.Second, "the copy to be half done", func(s shownStatus) bool {
		rows, _, estimated := copied(s)
		return s.State == run.Copying && rows > estimated/4 || after(s.State, run.Copying)
	})
	if err != nil {
		return err
	}
	s, err := m.status(ctx)
	if err != nil {
		return err
	}
	if after(s.State, run.Copying) {
		return fmt.Errorf("the copy ended before it could be interrupted: use more -orders")
	}
	if err := m.killAgent("copy"); err != nil {
		return err
	}
	if err := m.reach(ctx, 90*time.Second, "the copy to end", func(s shownStatus) bool { return after(s.State, run.Copying) }); err != nil {
		return err
	}
	m.res.copyTime = time.Since(begin)
	if s, err = m.status(ctx); err != nil {
		return err
	}
	m.res.rows, m.res.bytes, _ = copied(s)
	m.say("copied %d rows", m.res.rows)
	return nil
}

func after(s, than run.State) bool {
	switch s {
	case run.CatchingUp, run.CaughtUp:
		return than == run.Copying
	}
	return false
}

func (m *migration) killInStream(ctx context.Context) error {
	before, err := m.status(ctx)
	if err != nil {
		return err
	}
	if err := m.reach(ctx, 30*time.Second, "changes to be applied", func(s shownStatus) bool { return s.Applied.Transactions > before.Applied.Transactions+50 }); err != nil {
		return err
	}
	return m.killAgent("stream")
}

func (m *migration) catchUp(ctx context.Context) error {
	time.Sleep(3 * time.Second) // the workload goes on over the new agent
	m.say("waiting until it has caught up under load")
	return m.reach(ctx, 60*time.Second, "the run to catch up", func(s shownStatus) bool { return s.State == run.CaughtUp })
}

func (m *migration) verify(ctx context.Context) error {
	out, code, err := m.cli(ctx, "verify", "shop", "--wait")
	if err != nil {
		return err
	}
	if code != 0 {
		return fmt.Errorf("verify under load ended with status %d: %s", code, out)
	}
	m.say("verified under load: equal")
	return nil
}

// cutover switches, and then looks at both sides by its own means.
func (m *migration) cutover(ctx context.Context) error {
	m.shop.expectFence()
	if out, code, err := m.cli(ctx, "cutover", "shop"); err != nil || code != 0 {
		return fmt.Errorf("cutover ended with status %d: %s: %w", code, out, err)
	}
	if out, code, err := m.cli(ctx, "wait", "shop", "--for", "completed", "--timeout", "90s"); err != nil || code != 0 {
		return fmt.Errorf("wait for the cutover: status %d: %s: %w", code, out, err)
	}
	m.shop.stop()
	m.res.changes = m.shop.done.Load()
	if err := m.shop.failure(); err != nil {
		return fmt.Errorf("the workload itself: %w", err)
	}
	stop, err := m.writeStop(ctx)
	if err != nil {
		return err
	}
	m.res.writeStop = stop
	diff, err := compare(ctx, m.src.DB(), m.dst.DB())
	if err != nil {
		return err
	}
	if diff != "" {
		return fmt.Errorf("the sides differ after the cutover: %s", diff)
	}
	m.res.equal = true
	m.say("cut over: writes stopped for %.0f ms, both sides equal", stop)
	return nil
}

func (m *migration) writeStop(ctx context.Context) (float64, error) {
	out, code, err := m.cli(ctx, "--json", "report", "shop", "cutover")
	if err != nil || code != 0 {
		return 0, fmt.Errorf("read the cutover's report: status %d: %s: %w", code, out, err)
	}
	var r run.CutoverReport
	if err := json.Unmarshal(out, &r); err != nil {
		return 0, fmt.Errorf("read the cutover's report: %w", err)
	}
	if r.Outcome != run.CutoverDone {
		return 0, fmt.Errorf("the cutover's outcome is %q: %s", r.Outcome, r.Message)
	}
	return r.WriteStopMS, nil
}
