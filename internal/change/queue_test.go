package change

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func TestQueueKeepsOrderAndBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, size, budget = 5000, 10, 100
		q := NewQueue(budget)
		done := make(chan error, 1)
		go func() {
			for i := range n {
				if err := q.Put(t.Context(), &Txn{Offset: uint64(i), Bytes: size}); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
		for i := range n {
			tx, err := q.Get(t.Context())
			if err != nil || tx.Offset != uint64(i) {
				t.Fatalf("got %+v, %v, want %d", tx, err, i)
			}
			if h := q.Held(); h > budget {
				t.Fatalf("%d bytes held", h)
			}
			q.Release(tx.Bytes)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if _, ok := q.TryGet(); ok || q.Held() != 0 || q.Len() != 0 {
			t.Errorf("something is left: %d, %d", q.Held(), q.Len())
		}
	})
}

func TestQueueBlocksUntilReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue(100)
		put := func(tx *Txn) chan error {
			c := make(chan error, 1)
			go func() { c <- q.Put(t.Context(), tx) }()
			synctest.Wait()
			return c
		}
		is := func(c chan error, want bool, why string) {
			t.Helper()
			if (len(c) == 1) != want {
				t.Errorf("%s: put %v", why, !want)
			}
		}
		is(put(&Txn{Bytes: 500}), true, "alone, above the budget")
		second := put(&Txn{Bytes: 1})
		is(second, false, "behind one above the budget")
		tx, _ := q.Get(t.Context())
		synctest.Wait()
		is(second, false, "taken, but not released")
		q.Release(tx.Bytes)
		synctest.Wait()
		is(second, true, "released")
	})
}

// A consumer that holds the first parts of a transaction until it has the last
// must not wait for ever.
func TestQueueLetsPartsThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue(10)
		go func() {
			for i := range 5 {
				_ = q.Put(t.Context(), &Txn{Part: i, More: i < 4, Bytes: 10})
			}
		}()
		for i := range 5 {
			if tx, err := q.Get(t.Context()); err != nil || tx.Part != i {
				t.Fatalf("got %+v, %v", tx, err)
			}
		}
	})
}

func TestQueueEndsWithItsContext(t *testing.T) {
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	q := NewQueue(10)
	if _, err := q.Get(ctx); !errors.Is(err, stop) {
		t.Errorf("get: %v", err)
	}
	_ = q.Put(ctx, &Txn{Bytes: 10})
	if err := q.Put(ctx, &Txn{Bytes: 10}); !errors.Is(err, stop) {
		t.Errorf("put: %v", err)
	}
}
