package pipeline

import (
	"context"
	"errors"
	"strconv"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
)

// budget bounds how long transient errors are retried: the window begins with
// the first error after the run last got anywhere.
type budget struct {
	since    time.Time
	progress uint64
	backoff  *backoff.ExponentialBackOff
}

func newBudget() *budget {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = 200*time.Millisecond, 10*time.Second
	b.Reset()
	return &budget{backoff: b}
}

// spend reports whether one more try fits into the window.
func (b *budget) spend(window time.Duration, progress uint64) bool {
	if b.since.IsZero() || progress != b.progress {
		b.since, b.progress = time.Now(), progress
		b.backoff.Reset()
	}
	return time.Since(b.since) <= window
}

func (b *budget) delay() time.Duration { return b.backoff.NextBackOff() }

// toRunError gives an error its class, code and remedy.
func toRunError(err error) *run.Error {
	if e, ok := errors.AsType[*run.Error](err); ok {
		return e
	}
	out := &run.Error{Message: err.Error(), Code: "error"}
	switch class := mysql.Classify(err); class {
	case mysql.Transient, mysql.OutcomeUnknown:
		out.Class = run.Transient
	case mysql.Data:
		out.Class = run.Data
	case mysql.Fatal:
		out.Class = run.Fatal
	default:
		out.Class = run.Config
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		out.Class = run.Transient
	}
	if e, ok := errors.AsType[*mysql.Error](err); ok {
		out.Code, out.Remedy = e.Code, e.Remedy
	}
	if errors.Is(err, syscall.ENOSPC) { // of the agent's own disk: a server's has a number
		out.Code = "disk-full"
	}
	if hint, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); ok && out.Remedy == "" {
		out.Remedy = hint.Hint()
	}
	if out.Code == "error" {
		if n := mysql.Number(err); n != 0 {
			out.Code = "server-" + strconv.Itoa(int(n))
		}
	}
	if out.Remedy == "" {
		out.Remedy = remedies[out.Class]
	}
	return out
}

// remedies say what to do where the place of the error did not know better.
var remedies = map[run.Class]string{
	run.Transient: "it is tried again by itself",
	run.Data:      "look at the row named, on both sides; then retry",
	run.Config:    "mend what the server's error names; then retry",
	run.Fatal:     "this run cannot go on: stop it, empty the target's tables, and apply the pipeline again",
}
