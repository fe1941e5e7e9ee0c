package structure

import (
	"context"
	"errors"
	"sync"
)

// ErrYield says that work was cut short because a statement of the log has to
// run first; it is to be begun again.
var ErrYield = errors.New("cut short by a statement of the source's log")

// Turn lets one part of a process at a time run statements that commit by
// themselves. The run's lock keeps other processes away; within one process it
// would not, since taking it ends the session that holds it. The zero value is
// ready.
type Turn struct {
	held chan struct{}
	once sync.Once
	mu   sync.Mutex // guards what follows
	stop context.CancelCauseFunc
	want int // how many wait in Take
}

func (t *Turn) init() { t.once.Do(func() { t.held = make(chan struct{}, 1) }) }

// Take waits for the turn and cuts short whoever has it and yields, also one
// that gets it while Take waits.
func (t *Turn) Take(ctx context.Context) (release func(), err error) {
	t.init()
	t.mu.Lock()
	t.want++
	if t.stop != nil {
		t.stop(ErrYield)
	}
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.want--
	}()
	select {
	case t.held <- struct{}{}:
		return func() { <-t.held }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Yielding waits for the turn and runs f, which is cancelled when somebody
// takes the turn; the error is ErrYield then.
func (t *Turn) Yielding(ctx context.Context, f func(ctx context.Context) error) error {
	t.init()
	select {
	case t.held <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	inner, cancel := context.WithCancelCause(ctx)
	t.set(cancel)
	err := f(inner)
	t.set(nil)
	if err != nil && errors.Is(context.Cause(inner), ErrYield) {
		err = ErrYield
	}
	cancel(nil)
	<-t.held
	return err
}

func (t *Turn) set(stop context.CancelCauseFunc) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stop = stop
	if stop != nil && t.want > 0 {
		stop(ErrYield)
	}
}
