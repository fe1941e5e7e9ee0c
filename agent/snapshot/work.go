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
		j, g, err := c.take(ctx)
		if err != nil || ctx.Err() != nil {
			return nil // the copy has ended, well or not: someone else says why
		}
		if g != nil {
			err = c.copyGroup(ctx, g)
		} else {
			err = c.attempt(ctx, j)
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// take waits for something to do: groups first, since the applier stands still
// behind them.
func (c *Copier) take(ctx context.Context) (*job, *group, error) {
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
		now, wait := time.Now(), time.Hour
		for i, j := range c.ready {
			if j.notBefore.After(now) {
				wait = min(wait, j.notBefore.Sub(now))
				continue
			}
			c.ready = append(c.ready[:i:i], c.ready[i+1:]...)
			j.table.waiting--
			j.table.busy++
			c.notify()
			c.mu.Unlock()
			return j, nil, nil
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

// live returns a context that also ends when the table's copy is thrown away.
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
	c.mu.Lock()
	halted := t.halted
	c.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		c.giveBack(j, 0)
		return err
	case errors.Is(err, ledger.ErrFenced):
		c.giveBack(j, 0)
		return err
	case halted || errors.Is(err, ledger.ErrThrownAway):
		c.forgetJob(t)
		return nil
	case errors.Is(err, errLenient):
		j.plain = true
		c.giveBack(j, 0)
		return nil
	case errors.Is(err, errDiffers), errors.Is(err, errGone):
		c.Log.Debug().Err(err).Msg("chunk waits for the applied definition")
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
