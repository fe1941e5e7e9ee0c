package snapshot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// work carries ranges and groups until there are none.
func (c *Copier) work(ctx context.Context) error {
	for {
		jobs, g, err := c.take(ctx)
		if err != nil || ctx.Err() != nil {
			return nil // the copy has ended, well or not: someone else says why
		}
		switch {
		case g != nil:
			err = c.copyGroup(ctx, g)
		case len(jobs) > 1:
			err = c.attemptBundle(ctx, jobs)
		default:
			err = c.attempt(ctx, jobs[0])
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// take waits for something to do: groups first, since the applier stands still
// behind them. Of jobs it returns one, or several for a bundle.
func (c *Copier) take(ctx context.Context) ([]*job, *group, error) {
	for ctx.Err() == nil {
		c.mu.Lock()
		changed := c.changed
		if len(c.groups) > 0 {
			g := c.groups[0]
			c.groups = c.groups[1:]
			for _, t := range g.tables {
				t.busy++
			}
			c.mu.Unlock()
			return nil, g, nil
		}
		jobs, wait := c.takeReady(time.Now())
		if len(jobs) > 0 {
			c.notify()
			c.mu.Unlock()
			return jobs, nil, nil
		}
		c.mu.Unlock()
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, nil, context.Cause(ctx)
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil, nil, context.Cause(ctx)
}

// takeReady takes the first chunk that is ready, and with one that may travel in
// a bundle as many others of that kind; of none, it returns when to look again.
// The caller holds mu.
func (c *Copier) takeReady(now time.Time) (jobs []*job, wait time.Duration) {
	wait = time.Hour
	left := c.ready[:0]
	for _, j := range c.ready {
		early := j.notBefore.After(now)
		if early {
			wait = min(wait, j.notBefore.Sub(now))
		}
		if early || len(jobs) > 0 && (!jobs[0].few || !j.few || len(jobs) == bundleTables) {
			left = append(left, j)
			continue
		}
		jobs = append(jobs, j)
		j.table.waiting--
		j.table.busy++
	}
	clear(c.ready[len(left):])
	c.ready = left
	return jobs, wait
}

// attempt carries one range, once. What can be tried again goes back to the
// others.
func (c *Copier) attempt(ctx context.Context, j *job) error {
	t := j.table
	if err := c.limit.wait(ctx); err != nil {
		c.giveBack(j, 0)
		return err
	}
	chunkCtx, cancel := c.live(ctx, t)
	defer cancel()
	begun := time.Now()
	done, err := c.copyChunk(chunkCtx, j)
	if err == nil {
		c.limit.spend(done.Bytes, done.Rows)
		c.Metrics.chunk(done, time.Since(begun))
		c.retry.success()
		c.finishJob(j, done)
		return nil
	}
	return c.handle(ctx, j, err)
}

// live returns a context that also ends when the table is removed from the run.
func (c *Copier) live(ctx context.Context, t *tableCopy) (context.Context, context.CancelFunc) {
	c.mu.Lock()
	life := t.life
	c.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(life, cancel)
	return ctx, func() { stop(); cancel() }
}

// handle decides about a chunk that was not written.
func (c *Copier) handle(ctx context.Context, j *job, err error) error {
	t := j.table
	switch {
	case ctx.Err() != nil:
		c.giveBack(j, 0)
		return err
	case errors.Is(err, ledger.ErrFenced):
		c.giveBack(j, 0)
		return err
	case c.isHalted(t) || errors.Is(err, ledger.ErrThrownAway):
		c.forgetJob(t)
		return nil
	case errors.Is(err, errLenient):
		j.plain = true
		c.giveBack(j, 0)
		return nil
	case errors.Is(err, errDiffers), errors.Is(err, errGone):
		c.waits(t, err)
		c.giveBack(j, 200*time.Millisecond)
		return nil
	case unready[mysql.Number(err)] && j.refused < patience:
		j.refused++
		c.Log.Debug().Err(err).Msg("chunk waits for the applied partitions and constraints")
		c.giveBack(j, refusedPause)
		return nil
	case errors.Is(err, errBounds):
		c.forgetJob(t)
		return c.again(ctx, t)
	case retryable(err):
		c.giveBack(j, 100*time.Millisecond)
		return c.retry.again(ctx, 100*time.Millisecond, err)
	default:
		c.giveBack(j, 0)
		return fmt.Errorf("copy chunk %d of table %d: %w", j.chunk.Seq, t.ID, err)
	}
}

func (c *Copier) isHalted(t *tableCopy) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return t.halted
}

func (c *Copier) giveBack(j *job, after time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	j.table.busy--
	if !j.table.halted {
		j.notBefore = time.Now().Add(after)
		j.table.waiting++
		c.ready = append([]*job{j}, c.ready...)
	}
	c.notify()
}

func (c *Copier) forgetJob(t *tableCopy) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.busy--
	c.notify()
}

func (c *Copier) finishJob(j *job, done ledger.Done) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := j.table
	t.busy--
	t.done.Rows += done.Rows
	t.done.Bytes += done.Bytes
	c.settle(t)
	c.notify()
}
