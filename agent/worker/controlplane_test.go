package worker_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/agent/worker"
	"github.com/tidegate-io/tidegate/api/tidegate/v1/tidegatev1connect"
	"github.com/tidegate-io/tidegate/checkpoint"
	"github.com/tidegate-io/tidegate/daemon/api"
	"github.com/tidegate-io/tidegate/daemon/control"
	"github.com/tidegate-io/tidegate/daemon/store"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/spec"
)

func TestFromApplyToCompleted(t *testing.T) {
	t.Parallel()
	d, h := startDaemon(t, t.TempDir(), ""), newHost("a")
	h.start(t, d.addr)
	apply(t, d, spec.Pipeline{})
	v := until(t, d, "caught up", inState(run.CaughtUp))
	if v.Run.Agent != "a" || v.Run.Epoch < 2 {
		t.Errorf("agent %q, epoch %d", v.Run.Agent, v.Run.Epoch)
	}
	if ch := apply(t, d, spec.Pipeline{}); ch[0].Action != control.ActionUnchanged {
		t.Errorf("applied again: %+v", ch)
	}
	operate(t, d, control.OpPause)
	until(t, d, "paused", inState(run.Paused))
	operate(t, d, control.OpPause) // asking twice is no error
	if _, _, err := d.Operate(t.Context(), control.Request{Pipeline: "shop", Op: control.OpComplete}); err == nil {
		t.Error("complete was allowed while paused")
	} else if e, ok := errors.AsType[*control.Error](err); !ok || e.Kind != control.Refused || e.Remedy != "allowed now: resume, stop" {
		t.Errorf("complete while paused: %v (%s)", err, e.Remedy)
	}
	operate(t, d, control.OpResume)
	until(t, d, "resumed", inState(run.CaughtUp))
	id := operate(t, d, control.OpVerify)
	until(t, d, "verified", func(v control.View) bool { return v.Run.Want.Verify == "" })
	if r, ok, err := d.FindReport(t.Context(), "shop", run.ReportVerify, id); err != nil || !ok || !r.Verify.Equal {
		t.Errorf("verify report: %+v, %v, %v", r, ok, err)
	}
	operate(t, d, control.OpComplete)
	until(t, d, "completed", inState(run.Completed))
	operate(t, d, control.OpComplete)
	if ch := apply(t, d, spec.Pipeline{}); ch[0].Action != control.ActionUnchanged {
		t.Errorf("applied a completed pipeline again: %+v", ch)
	}
	events, err := d.Events(t.Context(), store.EventQuery{Pipeline: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	states := ""
	for _, e := range events {
		if e.Kind == "state" {
			states += string(e.To) + " "
		}
		if e.Actor == "" || e.Time.IsZero() {
			t.Errorf("event without actor or time: %+v", e)
		}
	}
	want := "checking check_passed preparing caught_up paused caught_up completing completed "
	if states != want {
		t.Errorf("states %q, want %q", states, want)
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	d, h := startDaemon(t, t.TempDir(), ""), newHost("a")
	h.start(t, d.addr)
	rep, failed, err := d.Plan(t.Context(), spec.Pipeline{Name: "shop"})
	if err != nil || failed != nil || rep.Plan.Rows != 7 {
		t.Fatalf("%+v, %v, %v", rep, failed, err)
	}
	if len(d.List()) != 0 {
		t.Error("a plan has stored a pipeline")
	}
}

// A killed agent comes back with the same id: the run goes on with a higher
// epoch, and with the checkpoint it had.
func TestAgentRestarts(t *testing.T) {
	t.Parallel()
	d, h := startDaemon(t, t.TempDir(), ""), newHost("a")
	kill := h.start(t, d.addr)
	apply(t, d, spec.Pipeline{})
	first := h.next(t, run.ModeRun)
	if err := first.deps.Checkpoints.Save(t.Context(), first.as.Run, checkpoint.Records{"position": []byte("p1")}); err != nil {
		t.Fatal(err)
	}
	kill()
	h.start(t, d.addr)
	second := h.next(t, run.ModeRun)
	if second.as.Epoch <= first.as.Epoch || second.as.Run != first.as.Run || second.as.ServerID == first.as.ServerID {
		t.Errorf("before %+v, after %+v", first.as, second.as)
	}
	got, err := second.deps.Checkpoints.Load(t.Context(), second.as.Run)
	if err != nil || string(got["position"]) != "p1" || len(got) != 1 {
		t.Errorf("checkpoint after the restart: %q, %v", got, err)
	}
	until(t, d, "caught up again", inState(run.CaughtUp))
}

// An agent that is cut off loses its run to another one, which gets the
// replicated checkpoint; when it is back it is fenced at once.
func TestAgentIsLost(t *testing.T) {
	t.Parallel()
	d, a, b := startDaemon(t, t.TempDir(), ""), newHost("a"), newHost("b")
	a.start(t, d.addr)
	apply(t, d, spec.Pipeline{})
	first := a.next(t, run.ModeRun)
	if err := first.deps.Checkpoints.Save(t.Context(), first.as.Run, checkpoint.Records{"position": []byte("p7")}); err != nil {
		t.Fatal(err)
	}
	limit := time.Now().Add(10 * time.Second)
	for cp := (store.Checkpoint{}); cp.Records == nil; { // until it has been replicated
		var err error
		if cp, err = d.LoadCheckpoint(t.Context(), "a", first.as.Run); err != nil || time.Now().After(limit) {
			t.Fatalf("replicated checkpoint: %+v, %v", cp, err)
		}
		<-time.After(20 * time.Millisecond)
	}
	a.cut.Lock()
	until(t, d, "agent lost", func(v control.View) bool { return v.Run.Wait.Code == control.WaitAgentLost && v.Run.Agent == "a" })
	b.start(t, d.addr)
	second := b.next(t, run.ModeRun)
	if second.as.Epoch <= first.as.Epoch {
		t.Errorf("epoch %d after %d", second.as.Epoch, first.as.Epoch)
	}
	got, err := second.deps.Checkpoints.Load(t.Context(), second.as.Run)
	if err != nil || string(got["position"]) != "p7" {
		t.Errorf("checkpoint on the other agent: %q, %v", got, err)
	}
	select {
	case <-first.ended:
		t.Error("the cut-off agent has stopped working by itself")
	default:
	}
	a.cut.Unlock()
	if cause := first.gone(t); !errors.Is(cause, run.ErrFenced) {
		t.Errorf("the old runner was ended because: %v", cause)
	}
	if v := until(t, d, "caught up", inState(run.CaughtUp)); v.Run.Agent != "b" {
		t.Errorf("the run is on %s", v.Run.Agent)
	}
}

// The daemon restarts: the runner never notices, and nothing changes.
func TestDaemonRestarts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d, h := startDaemon(t, dir, ""), newHost("a")
	h.start(t, d.addr)
	apply(t, d, spec.Pipeline{})
	f := h.next(t, run.ModeRun)
	before := until(t, d, "caught up", inState(run.CaughtUp))
	d.end()
	d = startDaemon(t, dir, d.addr)
	after := until(t, d, "caught up after the restart", inState(run.CaughtUp))
	if before.Run.Epoch != after.Run.Epoch || after.Run.Agent != "a" {
		t.Errorf("before: epoch %d; after: epoch %d on %q", before.Run.Epoch, after.Run.Epoch, after.Run.Agent)
	}
	<-time.After(lease + lease/2) // were it not heard of again, it would be lost by now
	select {
	case <-f.ended:
		t.Fatalf("the runner was ended: %v", f.cause)
	default:
	}
	operate(t, d, control.OpComplete)
	until(t, d, "completed", inState(run.Completed))
	last := after.Run.Epoch
	if _, _, err := d.Operate(t.Context(), control.Request{Pipeline: "shop", Op: control.OpDelete}); err != nil {
		t.Fatal(err)
	}
	apply(t, d, spec.Pipeline{})
	if again := h.next(t, run.ModeRun); again.as.Epoch <= last || again.as.Run == f.as.Run {
		t.Errorf("after deletion: run %s epoch %d, before run %s epoch %d", again.as.Run, again.as.Epoch, f.as.Run, last)
	}
}

func TestErrorsPanicsAndRetry(t *testing.T) {
	t.Parallel()
	d, h := startDaemon(t, t.TempDir(), ""), newHost("a")
	var mu sync.Mutex
	fail := []func() error{
		func() error { panic("boom") },
		func() error {
			return fmt.Errorf("lane 3: %w", &run.Error{Class: run.Data, Code: "conflict", Message: "row differs", Remedy: "look"})
		},
		func() error { return &run.Error{Class: run.Fatal, Code: "position-purged", Message: "gone"} },
	}
	h.script = func(f *fake, ctx context.Context) error {
		if f.as.Mode != run.ModeRun {
			return passCheck(f, ctx)
		}
		mu.Lock()
		next := fail[0]
		fail = fail[1:]
		mu.Unlock()
		return next()
	}
	h.start(t, d.addr)
	apply(t, d, spec.Pipeline{})
	v := until(t, d, "error", inState(run.Errored))
	if v.Status.Error.Code != "panic" || v.Run.Agent != "" {
		t.Errorf("after a panic: %+v", v.Status.Error)
	}
	operate(t, d, control.OpRetry)
	v = until(t, d, "conflict", func(v control.View) bool {
		return v.Status.State == run.Errored && v.Status.Error.Code == "conflict"
	})
	if v.Status.Error.Message != "lane 3: row differs" || v.Status.Error.Remedy != "look" {
		t.Errorf("error %+v", v.Status.Error)
	}
	operate(t, d, control.OpRetry)
	until(t, d, "fatal", func(v control.View) bool {
		return v.Status.State == run.Errored && v.Status.Error.Code == "position-purged"
	})
	if _, _, err := d.Operate(t.Context(), control.Request{Pipeline: "shop", Op: control.OpRetry}); err == nil {
		t.Error("a fatal error could be retried")
	}
	old := v.Run.ID
	if ch := apply(t, d, spec.Pipeline{}); ch[0].Action != control.ActionNewRun || ch[0].Run == old {
		t.Errorf("applied after a fatal error: %+v", ch)
	}
}

// TestStoppedInError: a run in error is nobody's. Stopped, it gets a runner once more,
// which is told to stop before it begins, and lets go of what is on the target.
func TestStoppedInError(t *testing.T) {
	t.Parallel()
	d, h := startDaemon(t, t.TempDir(), ""), newHost("a")
	began := make(chan error, 1000)
	h.script = func(f *fake, ctx context.Context) error {
		if f.as.Mode != run.ModeRun {
			return passCheck(f, ctx)
		}
		began <- context.Cause(ctx)
		return &run.Error{Class: run.Config, Code: "conflict", Message: "row differs", Remedy: "look"}
	}
	h.start(t, d.addr)
	apply(t, d, spec.Pipeline{})
	until(t, d, "error", inState(run.Errored))
	operate(t, d, control.OpStop)
	until(t, d, "stopped", inState(run.Stopped))
	if first, second := <-began, <-began; first != nil || !errors.Is(second, run.ErrStopped) {
		t.Errorf("the runners began with %v and %v", first, second)
	}
}

func TestFailedCheckAndStop(t *testing.T) {
	t.Parallel()
	d, h := startDaemon(t, t.TempDir(), ""), newHost("a")
	h.script = func(f *fake, _ context.Context) error {
		f.deps.Sink.Report(run.Report{Kind: run.ReportCheck, Check: &run.CheckReport{Findings: []run.Finding{
			{ID: "log-bin", Level: run.LevelError, Object: "source", Found: "log_bin = OFF", Remedy: "turn it on"},
		}}})
		return nil
	}
	h.start(t, d.addr)
	apply(t, d, spec.Pipeline{})
	v := until(t, d, "check failed", inState(run.CheckFailed))
	if v.Status.Error == nil || v.Status.Error.Message != "log-bin: source: log_bin = OFF" || v.Status.Error.Remedy != "turn it on" {
		t.Errorf("error %+v", v.Status.Error)
	}
	operate(t, d, control.OpStop)
	until(t, d, "stopped", inState(run.Stopped))
}

func TestWaitsThatPeopleSee(t *testing.T) {
	t.Parallel()
	d, h := startDaemon(t, t.TempDir(), ""), newHost("a")
	h.labels = map[string]string{"site": "old"}
	h.start(t, d.addr)
	until2 := time.Now().Add(5 * time.Second)
	for len(d.Agents()) == 0 && time.Now().Before(until2) {
		<-time.After(time.Millisecond)
	}
	ch := apply(t, d, spec.Pipeline{AgentLabels: map[string]string{"site": "moon"}})
	if want := "no agent carries the labels site=moon; there are: a (site=old)"; ch[0].Wait.Reason != want {
		t.Errorf("wait %q, want %q", ch[0].Wait.Reason, want)
	}
	apply(t, d, spec.Pipeline{AgentLabels: map[string]string{"site": "old"}, Start: spec.Start{Manual: true}})
	v := until(t, d, "manual", inState(run.Waiting))
	if v.Run.Wait.Code != control.WaitManual || v.Status.Reason == "" {
		t.Errorf("wait %+v", v.Run.Wait)
	}
	operate(t, d, control.OpStart)
	until(t, d, "caught up", inState(run.CaughtUp))
	s := spec.Pipeline{AgentLabels: map[string]string{"site": "old"}, Start: spec.Start{Manual: true}}
	s.Copy.Threads = 9
	if ch := apply(t, d, s); ch[0].Action != control.ActionUpdate || len(ch[0].Fields) != 1 || ch[0].Fields[0] != "copy.threads" {
		t.Errorf("live change: %+v", ch)
	}
	s.Type = spec.TypeFull
	s.Name = "shop"
	_, err := d.Apply(t.Context(), control.ApplyRequest{Pipelines: []spec.Pipeline{s}})
	if e, ok := errors.AsType[*control.Error](err); !ok || e.Kind != control.Refused {
		t.Errorf("changing the type of a live run: %v", err)
	}
}

// Two processes with one id: the newer wins, the older ends and says why.
func TestReplacedAgent(t *testing.T) {
	t.Parallel()
	d, h := startDaemon(t, t.TempDir(), ""), newHost("a")
	ended := make(chan error, 1)
	w, err := worker.New(worker.Config{ID: "a", Capacity: 1, Dir: t.TempDir()}, worker.Deps{
		Daemon:  tidegatev1connect.NewAgentServiceClient(http.DefaultClient, "http://"+d.addr),
		Factory: h.make, Checkpoints: h.store, Log: zerolog.Nop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { ended <- w.Run(ctx) }()
	apply(t, d, spec.Pipeline{})
	first := h.next(t, run.ModeRun)
	h.start(t, d.addr)
	select {
	case err := <-ended:
		if !errors.Is(err, worker.ErrReplaced) {
			t.Errorf("the older process ended with: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the older process goes on")
	}
	if cause := first.gone(t); !errors.Is(cause, run.ErrFenced) {
		t.Errorf("its runner ended because: %v", cause)
	}
	until(t, d, "caught up", inState(run.CaughtUp))
}

// An agent that never found its daemon ends as any other.
func TestEndWithoutDaemon(t *testing.T) {
	t.Parallel()
	h := newHost("a")
	kill := h.start(t, "127.0.0.1:1")
	time.Sleep(50 * time.Millisecond)
	kill()
}

func TestTokens(t *testing.T) {
	t.Parallel()
	if _, err := api.Listen("0.0.0.0:0", false); err == nil {
		t.Fatal("an open listen without tokens was allowed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := api.Listen(l.Addr().String(), false); err == nil || connect.CodeOf(err) != connect.CodeUnknown {
		t.Fatalf("a port in use: %v", err)
	}
}
