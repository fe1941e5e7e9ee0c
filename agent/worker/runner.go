package worker

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/checkpoint"
	"github.com/tidegate-io/tidegate/internal/run"
)

// Runner executes one assignment.
type Runner interface {
	// Run blocks until the work is done, an error stops it, or ctx ends, and
	// returns when everything it started has ended.
	//
	// nil means done: checked or planned (the report has gone to the Sink), or
	// Status().State is Completed. An error that is not a *run.Error somewhere
	// in its chain counts as one a retry may cure. After ctx has ended the
	// result does not matter; context.Cause(ctx) is run.ErrStopped (final, may
	// tidy up), run.ErrFenced (write nothing) or run.ErrShutdown.
	Run(ctx context.Context) error

	// Control hands over a command. It may be called before Run and at any time
	// until Run has returned, from another goroutine, and returns at once. The
	// same command may come twice.
	Control(run.Command)

	// Status returns a copy, cheaply: it is asked for each second, from another
	// goroutine, also before Run and after it has returned.
	Status() run.Status
}

// Factory makes the runner of an assignment. It starts nothing.
type Factory func(run.Assignment, RunDeps) (Runner, error)

// RunDeps is what a runner is given.
type RunDeps struct {
	Log zerolog.Logger

	// Metrics is for this run alone, with the label pipeline set; what is
	// registered with it is gone when the run ends.
	Metrics prometheus.Registerer

	// Checkpoints survive the agent's process, and the agent's host by way of
	// the daemon, a few seconds late.
	Checkpoints checkpoint.Store

	Sink run.Sink

	// Dir is a scratch folder of this assignment. It is not made yet, and is
	// removed when the runner has ended.
	Dir string
}
