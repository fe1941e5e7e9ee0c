package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/internal/guard"
	"github.com/tidegate-io/tidegate/internal/run"
)

// job is one assignment and its runner.
type job struct {
	as      run.Assignment
	version uint64 // of as.Spec, or of the last retune
	log     zerolog.Logger
	out     *outbox
	store   *replicated // nil for one that moves nothing
	metrics *prometheus.Registry
	cancel  context.CancelCauseFunc
	done    chan struct{} // closed when the runner is gone, and its checkpoint with the daemon if that can be reached

	// What the runner has been told; only the worker's loop touches it.
	told struct {
		paused, complete bool
		verify, cutover  string
	}

	mu     sync.Mutex
	runner Runner     // nil until it is made
	queued []func()   // commands that came before
	end    run.Status // after done
}

// run makes the runner and blocks until it is gone.
func (j *job) run(ctx context.Context, make func(context.Context) (Runner, error)) {
	err := guarded(func() error {
		r, err := make(ctx)
		if err != nil {
			return err
		}
		j.mu.Lock()
		j.runner = r
		for _, f := range j.queued {
			f()
		}
		j.mu.Unlock()
		return r.Run(ctx)
	})
	if p, ok := errors.AsType[*guard.Panic](err); ok {
		j.log.Error().Interface("panic", p.Value).Bytes("stack", p.Stack).Msg("the runner panicked")
	}
	end := j.finish(ctx, err)
	j.mu.Lock()
	j.end = end
	j.mu.Unlock()
}

// finish turns the way a runner ended into the run's last status.
func (j *job) finish(ctx context.Context, err error) run.Status {
	s := j.status()
	if cause := context.Cause(ctx); cause != nil {
		if err != nil && !errors.Is(err, ctx.Err()) && !errors.Is(err, cause) {
			j.log.Warn().Err(err).Str("cause", cause.Error()).Msg("the runner did not end cleanly")
		}
		if errors.Is(cause, run.ErrStopped) && s.State != run.Completed {
			s.State = run.Stopped
		} else if s.State == run.Errored || s.State.Final() && s.State != run.Completed {
			s.State = run.Preparing // it was told to go: that is no error of the run
		}
		return s
	}
	check, planned := j.out.checked()
	switch {
	case err != nil:
		s.Error = run.AsError(err)
	case j.as.Mode == run.ModeCheck && check != nil:
		s.State = run.CheckPassed
		if check.Failed() {
			s.State = run.CheckFailed
		}
		return s
	case j.as.Mode == run.ModePlan && planned, j.as.Mode == run.ModeRun && s.State == run.Completed:
		return s
	default:
		s.Error = &run.Error{
			Class: run.Transient, Code: "no-result", Message: fmt.Sprintf("the %s ended in state %q without a result", j.as.Mode, s.State),
		}
	}
	s.State = run.Errored
	return s
}

// guarded turns a panic into an error of this run, so that others go on.
func guarded(f func() error) error {
	err := guard.Call(f)
	if p, ok := errors.AsType[*guard.Panic](err); ok {
		var hint interface{ Hint() string }
		errors.As(err, &hint)
		return fmt.Errorf("%w: %w", &run.Error{Class: run.Config, Code: "panic", Message: "the runner panicked", Remedy: hint.Hint()}, p)
	}
	return err
}

// status is what the runner says, or what it said last.
func (j *job) status() run.Status {
	j.mu.Lock()
	r := j.runner
	j.mu.Unlock()
	if r == nil {
		return run.Status{State: run.Preparing}
	}
	var s run.Status
	if err := guarded(func() error { s = r.Status(); return nil }); err != nil {
		s = run.Status{State: run.Retrying, Reason: err.Error()}
	}
	return s
}

// report gives the job's status, and whether the runner is gone.
func (j *job) report() (run.Status, bool) {
	select {
	case <-j.done:
		j.mu.Lock()
		defer j.mu.Unlock()
		return j.end, true
	default:
		return j.status(), false
	}
}

// tell hands commands to the runner, now or once it is there.
func (j *job) tell(c run.Command) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.log.Info().Str("command", string(c.Kind)).Msg("command")
	if r := j.runner; r != nil {
		_ = guarded(func() error { r.Control(c); return nil })
		return
	}
	j.queued = append(j.queued, func() { j.runner.Control(c) })
}

// want passes on what has changed since the last time.
func (j *job) want(d *pb.Desired) {
	if d.GetPaused() != j.told.paused {
		kind := run.Resume
		if d.GetPaused() {
			kind = run.Pause
		}
		j.tell(run.Command{Kind: kind})
	}
	if v := d.GetVerify(); v != "" && v != j.told.verify {
		j.tell(run.Command{Kind: run.Verify, ID: v})
	}
	if v := d.GetCutover(); v != "" && v != j.told.cutover {
		j.tell(run.Command{Kind: run.Cutover, ID: v})
	}
	if d.GetComplete() && !j.told.complete {
		j.tell(run.Command{Kind: run.Complete})
	}
	j.told.paused, j.told.complete = d.GetPaused(), d.GetComplete()
	j.told.verify, j.told.cutover = d.GetVerify(), d.GetCutover()
}
