package snapshot

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// throttle keeps the copy under a rate. What was read is paid afterwards, so a
// chunk in the gate is never slowed down: the next one begins later.
type throttle struct {
	mu          sync.Mutex
	bytes, rows int64 // per second, 0: no limit
	free        time.Time
	changed     chan struct{}
}

func (t *throttle) set(bytes, rows int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes, t.rows, t.free = bytes, rows, time.Time{}
	close(t.changed)
	t.changed = make(chan struct{})
}

// wait returns when the next chunk may begin.
func (t *throttle) wait(ctx context.Context) error {
	for {
		t.mu.Lock()
		d, changed := time.Until(t.free), t.changed
		t.mu.Unlock()
		if d <= 0 {
			return ctx.Err()
		}
		timer := time.NewTimer(d)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func (t *throttle) spend(bytes, rows int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var d time.Duration
	if t.bytes > 0 {
		d = time.Duration(float64(bytes) / float64(t.bytes) * float64(time.Second))
	}
	if t.rows > 0 {
		d = max(d, time.Duration(float64(rows)/float64(t.rows)*float64(time.Second)))
	}
	if d == 0 {
		return
	}
	if now := time.Now(); t.free.Before(now) {
		t.free = now
	}
	t.free = t.free.Add(d)
}

// retrier bounds transient errors by the time since anything succeeded.
type retrier struct {
	window time.Duration
	log    zerolog.Logger

	mu     sync.Mutex
	last   time.Time // of the last success
	reason string    // of what is being retried
}

func (r *retrier) success() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last, r.reason = time.Now(), ""
}

// again waits before the next attempt; it returns the error once the window is
// over.
func (r *retrier) again(ctx context.Context, backoff time.Duration, err error) error {
	r.mu.Lock()
	over := time.Since(r.last) > r.window
	r.reason = err.Error()
	r.mu.Unlock()
	if over {
		return err
	}
	r.log.Warn().Err(err).Dur("backoff", backoff).Msg("copy is retried")
	return sleep(ctx, backoff)
}

func (r *retrier) why() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reason
}
