package apply

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tidegate-io/tidegate/internal/guard"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// execute applies a prepared batch on all lanes that lack it.
func (a *Applier) execute(ctx context.Context, b *batch) error {
	if err := a.throttle(ctx, b); err != nil {
		return err
	}
	for {
		err := a.executeOnce(ctx, b)
		if err == nil {
			return nil
		}
		if !retryable(err) {
			return err
		}
		state, err := a.fence(ctx, err)
		if err != nil {
			return err
		}
		if err := b.compare(state); err != nil {
			return err
		}
		if b.complete() {
			return nil
		}
	}
}

// executeOnce lets every lane that lacks the batch try its share, and waits for
// all of them: a lane that can commit shall, whatever happens to the others.
func (a *Applier) executeOnce(ctx context.Context, b *batch) error {
	var wg sync.WaitGroup
	errs := make([]error, len(b.shares))
	for i, s := range b.shares {
		if b.done[i] {
			continue
		}
		wg.Go(func() {
			if errs[i] = guard.Call(func() error { return a.runShare(ctx, a.lanes[i], b, s) }); errs[i] == nil {
				b.done[i] = true
				a.progress.Add(1)
			}
		})
	}
	wg.Wait()
	return worst(errs)
}

// worst picks the error that decides what happens: one that cannot be retried,
// else any.
func worst(errs []error) error {
	var found error
	for _, err := range errs {
		if err != nil && (found == nil || retryable(found) && !retryable(err)) {
			found = err
		}
	}
	return found
}

func retryable(err error) bool {
	c := mysql.Classify(err)
	return c == mysql.Transient || c == mysql.OutcomeUnknown
}

// runShare applies one lane's share. A deadlock or a lock wait repeats it, and
// does not use up the retry window as long as another lane gets on.
func (a *Applier) runShare(ctx context.Context, l *lane, b *batch, s *share) error {
	since, seen := time.Now(), a.progress.Load()
	byRow := false
	for try := 0; ; try++ {
		err := a.tryShare(ctx, l, b, s, byRow)
		if err == nil {
			return nil
		}
		if unexpected(err) && !byRow {
			byRow = true // find out which row it is
			a.deps.Log.Info().Int("lane", l.id).Uint64("batch", b.seq).Err(err).Msg("repeated row by row")
			if err := l.rollback(ctx); err != nil {
				return err
			}
			continue
		}
		if !contended(err) {
			return err
		}
		a.metrics.contended.Inc()
		if now := a.progress.Load(); now != seen {
			since, seen = time.Now(), now
		}
		if time.Since(since) > a.cfg.RetryWindow {
			return fmt.Errorf("lane %d: batch %d: repeated for %s: %w", l.id, b.seq, a.cfg.RetryWindow, err)
		}
		if err := l.rollback(ctx); err != nil {
			return err
		}
		if err := pause(ctx, backoff(try)); err != nil {
			return err
		}
	}
}

// tryShare runs the share in one transaction. COMMIT is sent only when the
// ledger's answer is there, so that a fenced lane never commits (I-4).
func (a *Applier) tryShare(ctx context.Context, l *lane, b *batch, s *share, byRow bool) error {
	if byRow {
		if err := l.begin(ctx); err != nil {
			return err
		}
		if err := a.runRows(ctx, l, b, s); err != nil {
			return fmt.Errorf("lane %d: batch %d: %w", l.id, b.seq, err)
		}
		return l.finish(ctx, a.deps.Ledger, b.step(), len(a.lanes), b.single)
	}
	which, want := l.rows(len(a.lanes), b.single)
	s.seal(a.deps.Ledger, b.step(), which, want)
	defer s.unseal()
	err := a.runStatements(ctx, l, s, s.stmts)
	if errors.Is(err, errLedger) {
		return errors.Join(a.deps.Ledger.Refused(ctx, b.step()), l.rollback(ctx))
	}
	if err != nil {
		return fmt.Errorf("lane %d: batch %d: %w", l.id, b.seq, err)
	}
	return l.commit(ctx, b.step())
}

// errCount says that a statement changed another number of rows than it must.
var errCount = errors.New("changed another number of rows than expected")

// unexpected reports an answer that a target equal to the source would not
// give: a wrong count, or a row that cannot be stored.
func unexpected(err error) bool {
	return errors.Is(err, errCount) || errors.Is(err, schema.ErrChanged) || mysql.Number(err) != 0 && mysql.Classify(err) == mysql.Data
}

// backoff grows from 5 ms to 2 s.
func backoff(try int) time.Duration {
	return min(5*time.Millisecond<<min(try, 16), 2*time.Second)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
