package apply

import (
	"context"
	"fmt"
	"time"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// fence is the way back after a connection was lost or an outcome is not known:
// every connection is ended, the epoch is committed again over all rows, which
// waits for what is still in flight, and only what is read after that is
// believed (I-5). It is repeated within the retry window, which begins anew
// whenever something was committed.
func (a *Applier) fence(ctx context.Context, cause error) (*ledger.State, error) {
	if a.failing.IsZero() || a.progress.Swap(0) > 0 {
		a.failing, a.failures = time.Now(), 0
	}
	a.failures++
	a.metrics.retries.Inc()
	a.deps.Log.Warn().Err(cause).Str("state", "retrying").Msg("fencing the target and reading the ledger")
	a.closeLanes()
	for ; ; a.failures++ {
		if time.Since(a.failing) > a.cfg.RetryWindow {
			return nil, fmt.Errorf("retried for %s: %w", a.cfg.RetryWindow, cause)
		}
		if err := pause(ctx, backoff(a.failures)); err != nil {
			return nil, err
		}
		state, err := a.fenceOnce(ctx)
		if err == nil {
			return state, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if !retryable(err) {
			return nil, err
		}
		cause = err
	}
}

func (a *Applier) fenceOnce(ctx context.Context) (*ledger.State, error) {
	state, err := a.deps.Ledger.TakeOver(ctx)
	if err != nil {
		return nil, err
	}
	lanes := a.frontier.lanes()
	if len(state.Lanes) != lanes {
		return nil, reread(fmt.Errorf("the ledger has %d lanes, not %d", len(state.Lanes), lanes))
	}
	if err := a.openLanes(ctx, lanes); err != nil {
		a.closeLanes()
		return nil, err
	}
	return state, nil
}

// compare notes which lanes have the batch. A target that stands elsewhere has
// lost commits; then memory does not hold what it lacks.
func (b *batch) compare(state *ledger.State) error {
	for i, l := range state.Lanes {
		has := l.Batch == b.seq && l.To.Encode() == b.to.text
		if !has && l.Batch != b.seq-1 {
			return reread(fmt.Errorf("lane %d stands at batch %d, not at %d or before it", i, l.Batch, b.seq))
		}
		if !b.single {
			b.done[i] = has
		}
	}
	if b.single {
		b.done[0] = state.Lanes[0].Batch == b.seq
	}
	return nil
}

func (b *batch) complete() bool {
	for i := range b.shares {
		if !b.done[i] {
			return false
		}
	}
	return true
}

// reread says that the log must be read again from where the ledger stands.
func reread(err error) error {
	return &mysql.Error{Class: mysql.Transient, Code: "reread", Err: fmt.Errorf("the log must be read again: %w", err)}
}
