package cutover

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidegate-io/tidegate/internal/run"
)

// desk is where switches are made: what is stored, and what was done.
type desk struct {
	stored []byte
	did    []string
	now    time.Time
	fails  map[string]error  // of what is done next, by name
	dies   map[string]func() // the process ends in the middle of it
	dead   bool
}

var errDead = errors.New("the process is dead")

func (d *desk) LoadCutover(context.Context) (*Progress, error) {
	if d.stored == nil || d.fails["load"] != nil {
		return nil, d.fails["load"]
	}
	var p Progress
	return &p, json.Unmarshal(d.stored, &p)
}

func (d *desk) SaveCutover(_ context.Context, p *Progress) (err error) {
	if d.dead {
		return errDead
	}
	d.stored, err = json.Marshal(p)
	return err
}

func (d *desk) do(name string) func(context.Context) error {
	return func(ctx context.Context) error {
		d.did = append(d.did, name)
		if die := d.dies[name]; die != nil {
			die()
			d.dead = true
		}
		return errors.Join(ctx.Err(), d.fails[name])
	}
}

// begin is a process that runs a switch of four steps.
func (d *desk) begin(ctx context.Context, id string) (*run.CutoverReport, error) {
	d.did, d.dead = nil, false
	s := Switch{ID: id, Timeout: time.Minute, Store: d, Now: func() time.Time { return d.now }, Steps: []Step{
		{Name: "wait", Do: d.do("wait")},
		{Name: "stop", Do: d.do("stop"), Undo: d.do("-stop"), Stops: true},
		{Name: "apply", Do: d.do("apply"), Undo: d.do("-apply")},
		{Name: "finish", Do: d.do("finish")},
	}}
	return s.Run(ctx)
}

func (d *desk) want(t *testing.T, report *run.CutoverReport, outcome string, did ...string) {
	t.Helper()
	if diff := cmp.Diff(did, d.did); diff != "" || report.Outcome != outcome {
		t.Errorf("outcome %s, want %s; done: (-want +got)\n%s", report.Outcome, outcome, diff)
	}
}

func newDesk() *desk {
	return &desk{now: time.Unix(1e9, 0).UTC(), fails: map[string]error{}, dies: map[string]func(){}}
}

var names = []string{"wait", "stop", "apply", "finish"}

// TestGoesOn ends the process in each step: the next one begins with that step,
// undoes nothing, and counts the time from when the first stopped the writes.
func TestGoesOn(t *testing.T) {
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			d := newDesk()
			ctx, cancel := context.WithCancel(t.Context())
			d.dies[name] = cancel
			report, err := d.begin(ctx, "a")
			if d.want(t, report, run.CutoverUnknown, names[:i+1]...); err == nil {
				t.Error("a dead process has done it")
			}
			clear(d.dies)
			stopped := d.now
			d.now = d.now.Add(10 * time.Second)
			if i == 0 {
				stopped = d.now
			}
			report, err = d.begin(t.Context(), "a")
			if d.want(t, report, run.CutoverDone, names[i:]...); err != nil {
				t.Error(err)
			}
			if got := time.Duration(report.WriteStopMS) * time.Millisecond; got != d.now.Sub(stopped) {
				t.Errorf("the writes were stopped for %s, want %s", got, d.now.Sub(stopped))
			}
			report, _ = d.begin(t.Context(), "a")
			d.want(t, report, run.CutoverDone)
		})
	}
}

// TestGivesUp has each step fail: it and those before it are undone, the last
// first, and the same switch is never begun again, but another one is.
func TestGivesUp(t *testing.T) {
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			d := newDesk()
			d.fails[name] = errors.New("no")
			want := slices.Clone(names[:i+1])
			for _, undo := range []string{"apply", "stop"} {
				if slices.Contains(want[:i+1], undo) {
					want = append(want, "-"+undo)
				}
			}
			report, err := d.begin(t.Context(), "a")
			if d.want(t, report, run.CutoverUndone, want...); !errors.Is(err, d.fails[name]) {
				t.Error(err)
			}
			clear(d.fails)
			report, _ = d.begin(t.Context(), "a")
			d.want(t, report, run.CutoverUndone)
			report, _ = d.begin(t.Context(), "b")
			d.want(t, report, run.CutoverDone, names...)
			report, _ = d.begin(t.Context(), "c") // nor is what another one did taken for done
			d.want(t, report, run.CutoverDone, names...)
		})
	}
}

// TestNeitherDoneNorUndone: nobody is told that all is as before when that is not
// known.
func TestNeitherDoneNorUndone(t *testing.T) {
	d := newDesk()
	d.fails["apply"], d.fails["-stop"] = errors.New("no"), errors.New("no answer")
	report, err := d.begin(t.Context(), "a")
	if d.want(t, report, run.CutoverUnknown, "wait", "stop", "apply", "-apply", "-stop"); !errors.Is(err, d.fails["-stop"]) {
		t.Error(err)
	}
	clear(d.fails)
	d.fails["load"] = errors.New("disk")
	report, err = d.begin(t.Context(), "a")
	if d.want(t, report, run.CutoverUnknown); !errors.Is(err, d.fails["load"]) {
		t.Error(err)
	}
}

// TestStoppedForTooLong: the limit counts from when the writes were stopped, also
// by a process that is gone.
func TestStoppedForTooLong(t *testing.T) {
	d := newDesk()
	ctx, cancel := context.WithCancel(t.Context())
	d.dies["stop"] = cancel
	if _, err := d.begin(ctx, "a"); err == nil {
		t.Fatal("a dead process has done it")
	}
	clear(d.dies)
	d.now = d.now.Add(2 * time.Minute)
	report, err := d.begin(t.Context(), "a")
	if d.want(t, report, run.CutoverUndone, "stop", "-stop"); err == nil {
		t.Error("no error")
	}
}
