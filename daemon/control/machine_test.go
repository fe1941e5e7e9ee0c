package control

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tidegate-io/tidegate/daemon/store"
	"github.com/tidegate-io/tidegate/internal/run"
)

func TestEveryStateHasItsOperations(t *testing.T) {
	for _, s := range run.States() {
		ops, ok := allowed[s]
		if !ok || len(ops) == 0 {
			t.Errorf("%s allows nothing, not even to be deleted", s)
		}
		if !s.Final() && !slices.Contains(ops, OpStop) {
			t.Errorf("%s cannot be stopped", s)
		}
		if s.Final() && !slices.Equal(ops, []Op{OpDelete}) {
			t.Errorf("%s is final and allows %v", s, ops)
		}
	}
}

// A pause can be taken back before the agent has heard of it, and a resumption
// too.
func TestAskedForCounts(t *testing.T) {
	for _, tc := range []struct {
		state  run.State
		paused bool
		want   Op
	}{
		{run.CaughtUp, false, OpPause}, {run.CaughtUp, true, OpResume}, {run.Paused, true, OpResume}, {run.Paused, false, OpPause},
	} {
		ops := Allowed(store.Run{State: tc.state, Agent: "a", Want: store.Want{Paused: tc.paused}})
		if slices.Contains(ops, OpPause) == slices.Contains(ops, OpResume) || !slices.Contains(ops, tc.want) {
			t.Errorf("%s, paused %v: %v, want %s", tc.state, tc.paused, ops, tc.want)
		}
	}
}

func TestAdvance(t *testing.T) {
	check := store.Run{State: run.Checking, Mode: run.ModeCheck}
	working := func(s run.State, w store.Want) store.Run { return store.Run{State: s, Mode: run.ModeRun, Want: w} }
	for name, tc := range map[string]struct {
		r        store.Run
		reported run.State
		ended    bool
		want     run.State
		released bool
	}{
		"check goes on":                   {check, run.Checking, false, run.Checking, false},
		"check passes":                    {check, run.CheckPassed, true, run.CheckPassed, true},
		"check fails":                     {check, run.CheckFailed, true, run.CheckFailed, true},
		"check breaks":                    {check, run.Errored, true, run.Errored, true},
		"checking agent leaves":           {check, run.Checking, true, run.Created, true},
		"copying":                         {working(run.Preparing, store.Want{}), run.Copying, false, run.Copying, false},
		"nothing said yet":                {working(run.Preparing, store.Want{}), run.Created, false, run.Preparing, false},
		"agent leaves":                    {working(run.Copying, store.Want{}), run.Copying, true, run.Preparing, true},
		"agent leaves while paused":       {working(run.Paused, store.Want{Paused: true}), run.Paused, true, run.Paused, true},
		"a check's end ends no run":       {working(run.Copying, store.Want{}), run.CheckPassed, true, run.Preparing, true},
		"error":                           {working(run.Copying, store.Want{}), run.Errored, true, run.Errored, true},
		"complete is not heard yet":       {working(run.Completing, store.Want{Complete: true}), run.CaughtUp, false, run.Completing, false},
		"complete, and retrying":          {working(run.Completing, store.Want{Complete: true}), run.Retrying, false, run.Retrying, false},
		"completed":                       {working(run.Completing, store.Want{Complete: true}), run.Completed, true, run.Completed, true},
		"cutover is not heard yet":        {working(run.CuttingOver, store.Want{Cutover: "c"}), run.CaughtUp, false, run.CuttingOver, false},
		"cutover was undone":              {working(run.CuttingOver, store.Want{}), run.CaughtUp, false, run.CaughtUp, false},
		"stop waits for the agent":        {working(run.Stopping, store.Want{Stop: true}), run.Copying, false, run.Stopping, false},
		"stopped":                         {working(run.Stopping, store.Want{Stop: true}), run.Stopped, true, run.Stopped, true},
		"completed before it was stopped": {working(run.Stopping, store.Want{Stop: true}), run.Completed, true, run.Stopped, true},
		"an error while stopping":         {working(run.Stopping, store.Want{Stop: true}), run.Errored, true, run.Stopping, true},
		"stopping agent leaves":           {working(run.Stopping, store.Want{Stop: true}), run.Copying, true, run.Stopping, true},
		"a check is stopped":              {store.Run{State: run.Stopping, Mode: run.ModeCheck, Want: store.Want{Stop: true}}, run.Checking, true, run.Stopped, true},
	} {
		if got, released := advance(tc.r, tc.reported, tc.ended); got != tc.want || released != tc.released {
			t.Errorf("%s: got %s, released %v; want %s, %v", name, got, released, tc.want, tc.released)
		}
	}
}

// Whatever an agent says: a run that shall stop does nothing else, one that has
// ended is with nobody, and no report makes a run look finished that is not.
func TestAdvanceProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := store.Run{
			State: rapid.SampledFrom(run.States()).Filter(func(s run.State) bool { return !s.Final() }).Draw(t, "state"),
			Mode:  rapid.SampledFrom([]run.Mode{run.ModeCheck, run.ModeRun}).Draw(t, "mode"),
			Want: store.Want{
				Paused: rapid.Bool().Draw(t, "paused"), Stop: rapid.Bool().Draw(t, "stop"), Complete: rapid.Bool().Draw(t, "complete"),
				Cutover: rapid.SampledFrom([]string{"", "c"}).Draw(t, "cutover"),
			},
		}
		reported := rapid.SampledFrom(append(run.States(), "", "nonsense")).Draw(t, "reported")
		ended := rapid.Bool().Draw(t, "ended")
		to, released := advance(r, reported, ended)
		switch {
		case !to.Valid():
			t.Fatalf("advance to %q", to)
		case released != ended:
			t.Fatalf("ended %v, released %v", ended, released)
		case r.Want.Stop && to != run.Stopped && to != run.Stopping:
			t.Fatalf("wanted to stop, went to %s", to)
		case !ended && to.Final():
			t.Fatalf("a live runner's run is %s", to)
		case to == run.Completed && reported != run.Completed:
			t.Fatalf("completed by a report of %s", reported)
		case ended && (to.Working() && to != run.Preparing || to == run.Checking):
			t.Fatalf("nobody has the run, and it is %s", to)
		}
	})
}
