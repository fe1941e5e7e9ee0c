package worker_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidegate-io/tidegate/checkpoint"
	"github.com/tidegate-io/tidegate/daemon/control"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// slow is a run that takes until let is closed to end.
func slow(state run.State, let chan struct{}) func(*fake, context.Context) error {
	return func(f *fake, ctx context.Context) error {
		if f.as.Mode != run.ModeRun {
			return passCheck(f, ctx)
		}
		f.set(state)
		<-ctx.Done()
		<-let
		return ctx.Err()
	}
}

// A run that is assigned anew to the agent that has it waits there for the end of
// its old runner.
func TestOneRunnerAtATime(t *testing.T) {
	t.Parallel()
	d, h, let := startDaemon(t, t.TempDir(), ""), newHost("a"), make(chan struct{})
	h.script = slow(run.Retrying, let)
	h.start(t, d.addr)
	apply(t, d, spec.Pipeline{})
	first := h.next(t, run.ModeRun)
	until(t, d, "retrying", inState(run.Retrying))
	operate(t, d, control.OpRetry)
	h.nobody(t)
	close(let)
	first.gone(t)
	if second := h.next(t, run.ModeRun); second.as.Epoch <= first.as.Epoch {
		t.Errorf("epoch %d after %d", second.as.Epoch, first.as.Epoch)
	}
}

// An agent that says goodbye gives its run away when nothing of it runs any more,
// and with what the run has saved last.
func TestLeaves(t *testing.T) {
	t.Parallel()
	d, a, b, let := startDaemon(t, t.TempDir(), ""), newHost("a"), newHost("b"), make(chan struct{})
	a.script = slow(run.CaughtUp, let)
	a.call = func(procedure string) error { // slower than handing the run over would be
		if procedure == "SaveCheckpoint" {
			time.Sleep(lease / 4)
		}
		return nil
	}
	a.start(t, d.addr)
	apply(t, d, spec.Pipeline{})
	first := a.next(t, run.ModeRun)
	b.start(t, d.addr)
	save(t, first, checkpoint.Records{"position": []byte("last")})
	gone := make(chan struct{})
	go func() { defer close(gone); a.leave() }()
	b.nobody(t)
	close(let)
	<-gone
	want(t, b.next(t, run.ModeRun), checkpoint.Records{"position": []byte("last")})
}

func save(t *testing.T, f *fake, r checkpoint.Records) {
	t.Helper()
	if err := f.deps.Checkpoints.Save(t.Context(), f.as.Run, r); err != nil {
		t.Fatal(err)
	}
}

// want compares a runner's checkpoint.
func want(t *testing.T, f *fake, want checkpoint.Records) {
	t.Helper()
	got, err := f.deps.Checkpoints.Load(t.Context(), f.as.Run)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("checkpoint under epoch %d: %v (-want +got)\n%s", f.as.Epoch, err, diff)
	}
}

// replicated waits until the daemon has a position of an agent's run.
func replicated(t *testing.T, d *daemonProc, agent string, f *fake, position string) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); ; {
		cp, err := d.LoadCheckpoint(t.Context(), agent, f.as.Run)
		if err == nil && string(cp.Records["position"]) == position {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("the daemon has %q of agent %s, want %q: %v", cp.Records["position"], agent, position, err)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// Of an agent's checkpoint and the daemon's copy the newer one counts: by the epoch
// under which it was saved, and then by the order of saving; and it counts whole.
func TestTheNewerCheckpoint(t *testing.T) {
	t.Parallel()
	d, a, b := startDaemon(t, t.TempDir(), ""), newHost("a"), newHost("b")
	var first *fake
	var sent atomic.Int64
	a.call = func(procedure string) error { // saved while the copy is on its way
		if procedure == "SaveCheckpoint" && sent.Add(1) == 1 {
			save(t, first, checkpoint.Records{"position": []byte("2")})
		}
		return nil
	}
	kill := a.start(t, d.addr)
	apply(t, d, spec.Pipeline{})
	first = a.next(t, run.ModeRun)
	save(t, first, checkpoint.Records{"position": []byte("1"), "intent": []byte("i")})
	replicated(t, d, "a", first, "2")
	save(t, first, checkpoint.Records{"position": []byte("3")})
	kill()
	a.start(t, d.addr)
	second := a.next(t, run.ModeRun)
	want(t, second, checkpoint.Records{"position": []byte("3"), "intent": []byte("i")})
	for _, p := range []string{"4", "5", "6"} {
		save(t, second, checkpoint.Records{"position": []byte(p)})
	}
	replicated(t, d, "a", second, "6")
	a.cut.Lock()
	killB := b.start(t, d.addr)
	third := b.next(t, run.ModeRun)
	save(t, third, checkpoint.Records{"position": []byte("7"), "intent": nil})
	replicated(t, d, "b", third, "7")
	a.cut.Unlock()
	second.gone(t)
	killB()
	want(t, a.next(t, run.ModeRun), checkpoint.Records{"position": []byte("7")})
}

// A command that comes while the runner is being made is carried out by it.
func TestEarlyCommand(t *testing.T) {
	t.Parallel()
	d, h, let := startDaemon(t, t.TempDir(), ""), newHost("a"), make(chan struct{})
	h.making = func(m run.Mode) {
		if m == run.ModeRun {
			<-let
		}
	}
	h.start(t, d.addr)
	apply(t, d, spec.Pipeline{})
	until(t, d, "assigned", func(v control.View) bool { return v.Status.State == run.Preparing && v.Run.Agent == "a" })
	h.next(t, run.ModeCheck)
	operate(t, d, control.OpPause)
	h.nobody(t)
	close(let)
	until(t, d, "paused", inState(run.Paused))
}

// Reports arrive before the end that they are about, however often they have to be
// sent, and those that are made meanwhile arrive too.
func TestReportsArrive(t *testing.T) {
	t.Parallel()
	d, h := startDaemon(t, t.TempDir(), ""), newHost("a")
	var sent atomic.Int64
	var f *fake
	h.call = func(procedure string) error {
		if procedure != "Report" {
			return nil
		}
		switch n := sent.Add(1); {
		case n < 5:
			return errors.New("lost")
		case f != nil && n < 100:
			f.deps.Sink.Report(run.Report{Kind: run.ReportVerify, ID: "second", Verify: &run.VerifyReport{}})
			sent.Store(100)
		}
		return nil
	}
	fails := true
	h.script = func(f *fake, ctx context.Context) error {
		if !fails {
			return passCheck(f, ctx)
		}
		fails = false
		f.deps.Sink.Report(run.Report{Kind: run.ReportCheck, Check: &run.CheckReport{Findings: []run.Finding{{ID: "log-bin", Level: run.LevelError}}}})
		return nil
	}
	h.start(t, d.addr)
	apply(t, d, spec.Pipeline{})
	if v := until(t, d, "check failed", inState(run.CheckFailed)); v.Status.Error.Message != "log-bin: : " {
		t.Errorf("the check failed without its report: %+v", v.Status.Error)
	}
	sent.Store(5)
	operate(t, d, control.OpCheck)
	f = h.next(t, run.ModeRun)
	sent.Store(50)
	f.deps.Sink.Report(run.Report{Kind: run.ReportVerify, ID: "first", Verify: &run.VerifyReport{}})
	for limit := time.Now().Add(10 * time.Second); ; {
		if _, ok, err := d.FindReport(t.Context(), "shop", run.ReportVerify, "second"); err != nil || ok {
			break
		}
		if time.Now().After(limit) {
			t.Fatal("a report that was made while another was sent is lost")
		}
		<-time.After(5 * time.Millisecond)
	}
}
