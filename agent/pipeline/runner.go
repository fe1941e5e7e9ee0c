package pipeline

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/checkpoint"
	"github.com/tidegate-io/tidegate/internal/guard"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// Deps are what a run works with besides its databases.
type Deps struct {
	Checkpoints checkpoint.Store
	Sink        run.Sink
	Log         zerolog.Logger
	Registry    prometheus.Registerer // nil: no metrics
	Dir         string                // scratch folder of this run, may be emptied between processes
}

// Runner executes one assignment.
type Runner struct {
	task run.Assignment
	deps Deps
	log  zerolog.Logger
	*board

	mu      sync.Mutex // guards what follows: what the operator asks for
	spec    spec.Pipeline
	wish    wishes
	changed chan struct{} // closed and renewed when a wish changes
}

// wishes are the operator's standing orders.
type wishes struct {
	paused   bool
	complete bool
	cutover  string   // id of the cutover asked for
	verify   []string // ids of the comparisons asked for and not begun
	retuned  int      // counts changes of the spec
	gaveUp   string   // id of the cutover that was given up
}

// New makes a runner; Run starts it.
func New(task run.Assignment, deps Deps) *Runner {
	log := deps.Log.With().Str("component", "pipeline").Str("pipeline", task.Pipeline).Str("run", task.Run).Uint64("epoch", task.Epoch).Logger()
	return &Runner{task: task, deps: deps, log: log, board: newBoard(), spec: task.Spec, changed: make(chan struct{})}
}

// Control takes one command. It returns at once; what comes of it is seen in
// Status and in reports.
func (r *Runner) Control(c run.Command) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := &r.wish
	switch c.Kind {
	case run.Pause:
		w.paused = true
	case run.Resume:
		w.paused = false
	case run.Complete:
		w.complete = true
	case run.Cutover:
		w.cutover = c.ID
	case run.Verify:
		for _, id := range w.verify {
			if id == c.ID {
				return
			}
		}
		w.verify = append(w.verify, c.ID)
	case run.Retune:
		if c.Spec != nil {
			r.spec = *c.Spec
			w.retuned++
		}
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

// wishes returns the standing orders, the spec in force, and a channel that is
// closed when either changes.
func (r *Runner) wishes() (wishes, spec.Pipeline, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.wish
	w.verify = append([]string(nil), w.verify...)
	return w, r.spec, r.changed
}

// takeVerify takes the oldest comparison asked for, "" if there is none.
func (r *Runner) takeVerify() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.wish.verify) == 0 {
		return ""
	}
	id := r.wish.verify[0]
	r.wish.verify = r.wish.verify[1:]
	return id
}

// gaveUp is the cutover that was given up last: it is not begun again.
func (r *Runner) gaveUp() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.wish.gaveUp
}

func (r *Runner) giveUp(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wish.gaveUp = id
}

// Run does what the assignment's mode says and returns when it is done, when
// the context ends (then its cause), or with the error that stopped the run.
func (r *Runner) Run(ctx context.Context) error {
	switch r.task.Mode {
	case run.ModeCheck:
		return r.check(ctx)
	case run.ModePlan:
		return r.plan(ctx)
	default:
		err := r.move(ctx)
		if errors.Is(context.Cause(ctx), run.ErrStopped) {
			r.leave()
		}
		return err
	}
}

// errPaused ends a session because the operator wants a pause.
var errPaused = errors.New("paused by an operator")

// errReload ends a session so that the next one begins with the tables as the
// target has them now. No stage may try again what ended with it.
var errReload error = &mysql.Error{Class: mysql.Fatal, Code: "reload", Err: errors.New("the run's tables changed")}

// move is the loop of sessions.
func (r *Runner) move(ctx context.Context) error {
	budget := newBudget()
	if err := r.remember(ctx); err != nil {
		return err
	}
	for {
		if err := r.whilePaused(ctx); err != nil {
			return err
		}
		err := r.attempt(ctx)
		switch {
		case err == nil:
			r.set(run.Completed, "")
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, errPaused):
			continue
		case errors.Is(err, errReload):
			r.log.Info().Err(err).Msg("session begins anew")
			continue
		}
		failure := toRunError(err)
		_, sp, _ := r.wishes()
		if failure.Class != run.Transient || !budget.spend(sp.Retry.Window, r.progress()) {
			if failure.Class == run.Transient {
				failure.Remedy = "the error did not pass within retry.window; mend its cause, then: tidegate retry " + r.task.Pipeline + ". " + failure.Remedy
			}
			r.fail(failure)
			if p, ok := errors.AsType[*guard.Panic](err); ok {
				r.log.Error().Interface("panic", p.Value).Bytes("stack", p.Stack).Msg("a stage of the run panicked")
			}
			r.log.Error().Err(err).Str("class", string(failure.Class)).Str("code", failure.Code).Msg("run stopped")
			return failure
		}
		delay := budget.delay()
		r.retrying(failure)
		r.log.Warn().Err(err).Dur("retry_in", delay).Msg("session lost, trying again")
		if err := sleep(ctx, delay); err != nil {
			return err
		}
	}
}

func (r *Runner) whilePaused(ctx context.Context) error {
	for {
		w, _, changed := r.wishes()
		if !w.paused {
			return nil
		}
		r.set(run.Paused, "")
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

// attempt runs one session and ends it when a pause is asked for.
func (r *Runner) attempt(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watched := make(chan struct{})
	go func() { // ends with the session, below
		defer close(watched)
		for {
			w, _, changed := r.wishes()
			if w.paused {
				cancel(errPaused)
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-changed:
			}
		}
	}()
	err := r.session(ctx)
	if errors.Is(context.Cause(ctx), errPaused) && err != nil {
		err = errPaused
	}
	cancel(nil)
	<-watched
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
