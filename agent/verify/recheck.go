package verify

import (
	"context"
	"time"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

const (
	// confirm is how often a difference must be seen, with an unchanged source
	// around each look, before it is believed.
	confirm = 3
	// Looks at something that keeps changing on the source: a range is narrowed
	// after a few, its rows are locked after a few more, and a table without a
	// key, of which nothing can be locked, is given the most.
	rangeLooks    = 4
	rowLooks      = 6
	multisetLooks = 30
)

// pause waits between two looks, longer each time.
func pause(ctx context.Context, attempt int) error {
	d := min(time.Duration(attempt+1)*50*time.Millisecond, time.Second)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// verdict is what a second look at a differing piece says.
type verdict int

const (
	equal     verdict = iota
	different         // proven: the source did not change around several looks
	undecided         // the source changes faster than we can look
)

// settle compares one value of the source with the target's until they agree
// or the difference is proven. A target that equals what the source had before
// or after the look is equal: it was read after the drain, so it is no older.
func settle[T comparable](ctx context.Context, looks int, drain func(context.Context) error, source, target func() (T, error)) (a, b T, _ verdict, err error) {
	proven := 0
	for attempt := range looks {
		before, err := source()
		if err != nil {
			return a, b, undecided, err
		}
		if err := drain(ctx); err != nil {
			return a, b, undecided, err
		}
		if b, err = target(); err != nil {
			return a, b, undecided, err
		}
		if b == before {
			return before, b, equal, nil
		}
		if a, err = source(); err != nil {
			return a, b, undecided, err
		}
		if b == a {
			return a, b, equal, nil
		}
		if a == before {
			if proven++; proven >= confirm {
				return a, b, different, nil
			}
		} else {
			proven = 0
		}
		if err := pause(ctx, attempt); err != nil {
			return a, b, undecided, err
		}
	}
	return a, b, undecided, nil
}

// errBusy says that a piece of a table changed too fast to be compared.
func errBusy(table string) error {
	return &mysql.Error{Class: mysql.Data, Code: "verify-undecided", Err: errUndecided(table),
		Remedy: "verify again when the table is written less, or during the cutover's write stop"}
}

type errUndecided string

func (e errUndecided) Error() string {
	return string(e) + " changes faster than it can be compared; nothing is known to differ"
}
