package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/go-sql-driver/mysql"
)

// start lets three customers shop until stop.
func (s *shop) start(ctx context.Context) {
	ctx, s.cancel = context.WithCancel(ctx)
	for w := range 3 {
		s.wg.Go(func() { s.buy(ctx, w) })
	}
}

func (s *shop) stop() {
	if s.cancel != nil {
		s.cancel()
	}
	s.wg.Wait()
}

// expectFence says that refused writes are the cutover's doing from now on.
func (s *shop) expectFence() { s.fenced.Store(true) }

func (s *shop) failure() error {
	if p := s.err.Load(); p != nil {
		return *p
	}
	return nil
}

func (s *shop) buy(ctx context.Context, w int) {
	rng := rand.New(rand.NewPCG(7, uint64(w)))
	for ctx.Err() == nil {
		err := s.transaction(ctx, rng, w)
		if err == nil {
			s.done.Add(1)
			time.Sleep(4 * time.Millisecond) // a steady business, not a benchmark
			continue
		}
		if me, ok := errors.AsType[*mysql.MySQLError](err); ok && (me.Number == 1213 || me.Number == 1205) {
			continue
		}
		if ctx.Err() != nil || s.fenced.Load() {
			return
		}
		err = fmt.Errorf("customer %d: %w", w, err)
		s.err.Store(&err)
		return
	}
}

func (s *shop) transaction(ctx context.Context, r *rand.Rand, w int) error {
	tx, err := s.buyers.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	exec := func(q string, a ...any) {
		if err == nil {
			_, err = tx.ExecContext(ctx, q, a...)
		}
	}
	order := 1 + r.IntN(s.orders)
	switch r.IntN(6) {
	case 0: // an order leaves, its lines with it
		exec("DELETE FROM shop.orders WHERE id = ?", order)
	case 1, 2:
		exec("UPDATE shop.orders SET state = ?, note = CONCAT('changed by ', ?) WHERE id = ?", 1+r.IntN(4), w, order)
		exec("UPDATE shop.customers SET credit = credit + 0.01 WHERE id = ?", 1+r.IntN(customers))
	case 3:
		exec("UPDATE shop.products SET stock = stock - 1, attributes = JSON_SET(COALESCE(attributes, '{}'), '$.sold', ?) WHERE sku = ?", r.IntN(1000), fmt.Sprintf("SKU-%08d", 1+r.IntN(products)))
	default:
		exec("INSERT INTO shop.orders (customer, total) VALUES (?, 0)", 1+r.IntN(customers))
		for line := range 1 + r.IntN(3) {
			exec("INSERT INTO shop.order_lines VALUES (LAST_INSERT_ID(), ?, ?, ?, 4.50)", line+1, fmt.Sprintf("SKU-%08d", 1+r.IntN(products)), 1+r.IntN(4))
		}
	}
	exec("INSERT INTO shop.audit VALUES (NOW(6), ?, 'bought')", w)
	if r.IntN(4) == 0 {
		exec("DELETE FROM shop.audit WHERE who = ? AND what = 'opened' LIMIT 1", r.IntN(100))
	}
	if err != nil {
		return err
	}
	return tx.Commit()
}
