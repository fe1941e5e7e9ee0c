package control

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/daemon/store"
	"github.com/tidegate-io/tidegate/internal/kv"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// desk is a Control whose agents are this test, under a clock of its own.
type desk struct {
	*Control
	t     *testing.T
	store *failing
	now   time.Time
}

// failing is a store whose disk may be full.
type failing struct {
	store.Store
	full error
}

func (s *failing) Commit(ctx context.Context, b store.Batch) error {
	if s.full != nil {
		return s.full
	}
	return s.Store.Commit(ctx, b)
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	db, err := kv.Open(kv.Config{MemTable: store.MemTable, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	d := &desk{t: t, store: &failing{Store: store.NewBadger(db)}, now: time.Unix(1e9, 0)}
	d.restart()
	return d
}

// restart begins a daemon on what is stored.
func (d *desk) restart() {
	d.t.Helper()
	c, err := New(d.t.Context(), Config{}, Deps{Store: d.store, Log: zerolog.Nop(), Now: func() time.Time { return d.now }})
	if err != nil {
		d.t.Fatal(err)
	}
	d.Control = c
}

func (d *desk) agent(id, instance string) {
	d.t.Helper()
	if err := d.Register(d.t.Context(), store.Agent{ID: id, Instance: instance, Capacity: 4}); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) apply(names ...string) {
	d.t.Helper()
	var all []spec.Pipeline
	for _, n := range names {
		all = append(all, spec.Pipeline{Name: n})
	}
	if _, err := d.Apply(d.t.Context(), ApplyRequest{Pipelines: all}); err != nil {
		d.t.Fatal(err)
	}
}

// says reports a state of the newest run as its agent would.
func (d *desk) says(instance string, r store.Run, s run.Status, ended bool) {
	d.t.Helper()
	if _, err := d.Sync(d.t.Context(), "a", instance, []RunReport{{Run: r.ID, Epoch: r.Epoch, Status: s, Ended: ended}}, false); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) run(pipeline string) store.Run {
	d.t.Helper()
	v, err := d.Get(pipeline)
	if err != nil {
		d.t.Fatal(err)
	}
	return v.Run
}

func (d *desk) operate(op Op) string {
	d.t.Helper()
	_, id, err := d.Operate(d.t.Context(), Request{Pipeline: "shop", Op: op})
	if err != nil {
		d.t.Fatal(err)
	}
	return id
}

func (d *desk) turn() {
	d.t.Helper()
	if err := d.Control.turn(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

// caughtUp has agent a check and run the pipeline shop.
func caughtUp(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	d.agent("a", "1")
	d.apply("shop")
	d.says("1", d.run("shop"), run.Status{State: run.CheckPassed}, true)
	d.says("1", d.run("shop"), run.Status{State: run.CaughtUp}, false)
	d.want("a", run.CaughtUp)
	return d
}

func (d *desk) want(agent string, s run.State) {
	d.t.Helper()
	if r := d.run("shop"); r.Agent != agent || r.State != s {
		d.t.Errorf("the run is %s on agent %q, want %s on %q", r.State, r.Agent, s, agent)
	}
}

// TestOldAssignment: what is said of a run under an earlier epoch, or by a process
// that another one has replaced, changes nothing.
func TestOldAssignment(t *testing.T) {
	d := caughtUp(t)
	old := d.run("shop")
	d.agent("a", "2")
	d.turn()
	if now := d.run("shop"); now.Epoch <= old.Epoch || now.Agent != "a" {
		t.Fatalf("epoch %d on %q after %d", now.Epoch, now.Agent, old.Epoch)
	}
	d.says("2", old, run.Status{State: run.Completed}, true)
	d.want("a", run.Preparing)
	report := []Findings{{Run: old.ID, Epoch: old.Epoch, Reports: []run.Report{{Kind: run.ReportVerify, Verify: &run.VerifyReport{Equal: true}}}}}
	if fenced, err := d.Report(t.Context(), "a", report); err != nil || len(fenced) != 1 {
		t.Errorf("a report of an earlier epoch: %v, %v", fenced, err)
	}
	if _, err := d.Sync(t.Context(), "a", "1", nil, false); !isKind(err, Replaced) {
		t.Errorf("a process that was replaced: %v", err)
	}
	if _, err := d.LoadCheckpoint(t.Context(), "b", old.ID); !isKind(err, Fenced) {
		t.Errorf("the checkpoint of another agent's run: %v", err)
	}
}

func isKind(err error, k Kind) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == k
}

// TestCommandsEnd: a command is told until its own report is there, and not after
// an error.
func TestCommandsEnd(t *testing.T) {
	d := caughtUp(t)
	r := d.run("shop")
	report := func(kind, id string) {
		t.Helper()
		if fenced, err := d.Report(t.Context(), "a", []Findings{{Run: r.ID, Epoch: r.Epoch, Reports: []run.Report{{Kind: kind, ID: id}}}}); err != nil || len(fenced) > 0 {
			t.Fatalf("%v, %v", fenced, err)
		}
	}
	verify, cutover := d.operate(OpVerify), d.operate(OpCutover)
	report(run.ReportVerify, "earlier")
	report(run.ReportCutover, "earlier")
	if w := d.run("shop").Want; w.Verify != verify || w.Cutover != cutover {
		t.Errorf("after the reports of earlier commands: %+v", w)
	}
	report(run.ReportVerify, verify)
	report(run.ReportCutover, cutover)
	if w := d.run("shop").Want; w.Verify != "" || w.Cutover != "" {
		t.Errorf("after the reports: %+v", w)
	}
	d.says("1", r, run.Status{State: run.CaughtUp}, false)
	d.operate(OpVerify)
	d.operate(OpCutover)
	d.says("1", r, run.Status{State: run.Errored, Error: &run.Error{Class: run.Config}}, true)
	d.operate(OpRetry)
	if now := d.run("shop"); now.Want.Cutover != "" || now.Want.Verify != "" || now.Agent != "a" {
		t.Errorf("retried: %+v on %q", now.Want, now.Agent)
	}
}

// TestStopLetsGo: a run that has begun is over when an agent has let go of what it has
// on the target: also one in error, whose agent is gone; of a lost agent, another one.
func TestStopLetsGo(t *testing.T) {
	d := caughtUp(t)
	d.says("1", d.run("shop"), run.Status{State: run.Errored, Error: &run.Error{Class: run.Config}}, true)
	d.want("", run.Errored)
	d.operate(OpStop)
	d.turn()
	d.want("a", run.Stopping)
	d.agent("b", "1")
	for range 20 {
		d.now = d.now.Add(time.Second)
		if _, err := d.Sync(t.Context(), "b", "1", nil, false); err != nil {
			t.Fatal(err)
		}
		d.turn()
	}
	d.want("b", run.Stopping)
	r := d.run("shop")
	runs, err := d.Sync(t.Context(), "b", "1", []RunReport{{Run: r.ID, Epoch: r.Epoch, Status: run.Status{State: run.Preparing}, Ended: true}}, false)
	if err != nil || len(runs) != 1 || !runs[0].Want.Stop {
		t.Errorf("a runner that has not let go: %+v, %v", runs, err)
	}
	d.want("b", run.Stopping)
	if _, err := d.Sync(t.Context(), "b", "1", []RunReport{{Run: r.ID, Epoch: d.run("shop").Epoch, Status: run.Status{State: run.Stopped}, Ended: true}}, false); err != nil {
		t.Fatal(err)
	}
	d.want("", run.Stopped)
}

// TestStopNeedsNoRoom: a full agent lets go of a run all the same.
func TestStopNeedsNoRoom(t *testing.T) {
	d := caughtUp(t)
	d.says("1", d.run("shop"), run.Status{State: run.Errored, Error: &run.Error{Class: run.Config}}, true)
	d.apply("p1", "p2", "p3", "p4", "p5") // one more than the agent has room for
	d.operate(OpStop)
	d.turn()
	d.want("a", run.Stopping)
	if r := d.run("p5"); r.Wait.Code != WaitNoCapacity {
		t.Errorf("the fifth waits for %+v", r.Wait)
	}
}

// TestStopForced: whoever does not want to wait for an agent need not.
func TestStopForced(t *testing.T) {
	d := caughtUp(t)
	if _, _, err := d.Operate(t.Context(), Request{Pipeline: "shop", Op: OpStop, Force: true}); err != nil {
		t.Fatal(err)
	}
	d.want("", run.Stopped)
}

// TestStopBeforeItBegan: a run that is only being checked has nothing on the target.
func TestStopBeforeItBegan(t *testing.T) {
	d := newDesk(t)
	d.apply("shop")
	d.operate(OpStop)
	d.want("", run.Stopped)
}

// TestAppliedOverAnError: a new run waits until what the one before it has on the
// target is removed.
func TestAppliedOverAnError(t *testing.T) {
	d := caughtUp(t)
	old := d.run("shop")
	d.says("1", old, run.Status{State: run.Errored, Error: &run.Error{Class: run.Fatal}}, true)
	d.apply("shop")
	now := d.run("shop")
	if now.ID == old.ID || now.After != old.ID || now.Agent != "" || now.Wait.Code != WaitEarlier {
		t.Fatalf("the new run: %+v", now)
	}
	if before := d.data.Runs[old.ID]; before.State != run.Stopping || before.Agent != "a" || before.Epoch == old.Epoch {
		t.Fatalf("the old run: %+v", before)
	}
	d.says("1", d.data.Runs[old.ID], run.Status{State: run.Stopped}, true)
	d.turn()
	if now := d.run("shop"); now.Agent != "a" || now.State != run.Checking {
		t.Errorf("the new run: %+v", now)
	}
	if before := d.data.Runs[old.ID]; before.State != run.Stopped {
		t.Errorf("the old run: %+v", before)
	}
}

// TestStoredFirst: what could not be stored has not happened.
func TestStoredFirst(t *testing.T) {
	d := caughtUp(t)
	before := d.run("shop")
	d.store.full = errors.New("disk full")
	if _, _, err := d.Operate(t.Context(), Request{Pipeline: "shop", Op: OpStop, Force: true}); !errors.Is(err, d.store.full) {
		t.Fatalf("a stop that cannot be stored: %v", err)
	}
	d.want("a", run.CaughtUp)
	d.store.full = nil
	d.restart()
	d.want("a", run.CaughtUp)
	if after := d.run("shop"); after.Epoch != before.Epoch {
		t.Errorf("epoch %d after %d", after.Epoch, before.Epoch)
	}
}

// TestDaemonWasAway: agents could not report to a daemon that was away, and keep
// their runs.
func TestDaemonWasAway(t *testing.T) {
	d := caughtUp(t)
	d.agent("b", "1")
	d.now = d.now.Add(time.Hour)
	d.restart()
	for _, later := range []time.Duration{0, d.cfg.Lease} { // a has a lease from now on
		d.now = d.now.Add(later)
		if _, err := d.Sync(t.Context(), "b", "1", nil, false); err != nil {
			t.Fatal(err)
		}
		d.turn()
		d.want("a", run.CaughtUp)
	}
	d.now = d.now.Add(time.Second)
	d.turn()
	d.want("b", run.Preparing)
}

// TestAppliedAgain: a directory that is read again starts nothing that was stopped;
// a person does.
func TestAppliedAgain(t *testing.T) {
	d := caughtUp(t)
	first := d.run("shop")
	d.operate(OpStop)
	d.want("a", run.Stopping)
	d.says("1", first, run.Status{State: run.Stopped}, true)
	d.want("", run.Stopped)
	again := ApplyRequest{Pipelines: []spec.Pipeline{{Name: "shop"}}, OnlyChanged: true}
	if ch, err := d.Apply(t.Context(), again); err != nil || ch[0].Action != ActionUnchanged {
		t.Errorf("read again: %+v, %v", ch, err)
	}
	d.want("", run.Stopped)
	d.apply("shop")
	if r := d.run("shop"); r.ID == first.ID || r.State.Final() {
		t.Errorf("applied again: %s, %s", r.ID, r.State)
	}
}

// TestOnePipelineTwice: of two pipelines with one name each would have a run.
func TestOnePipelineTwice(t *testing.T) {
	d := newDesk(t)
	d.agent("a", "1")
	twice := ApplyRequest{Pipelines: []spec.Pipeline{{Name: "shop"}, {Name: "bank"}, {Name: "shop", Type: spec.TypeFull}}}
	if _, err := d.Apply(t.Context(), twice); !isKind(err, Invalid) {
		t.Errorf("one name twice: %v", err)
	}
	if runs, err := d.Sync(t.Context(), "a", "1", nil, false); err != nil || len(runs) > 0 {
		t.Errorf("%d runs, %v", len(runs), err)
	}
}

// TestDelete forgets one pipeline, and nothing of another.
func TestDelete(t *testing.T) {
	d := caughtUp(t)
	d.apply("bank")
	other := d.run("bank")
	d.operate(OpStop)
	d.says("1", d.run("shop"), run.Status{State: run.Stopped}, true)
	d.operate(OpDelete)
	d.restart()
	if len(d.List()) != 1 || d.run("bank").ID != other.ID {
		t.Errorf("left: %+v", d.List())
	}
	if runs, err := d.Sync(t.Context(), "a", "1", nil, false); err != nil || !slices.ContainsFunc(runs, func(r store.Run) bool { return r.ID == other.ID }) {
		t.Errorf("agent a has %+v, %v", runs, err)
	}
}
