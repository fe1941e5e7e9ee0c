package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// steadyWriters is how many connections write a steady load.
const steadyWriters = 4

// load4 writes for a while, at most rate transactions a second (0: no limit),
// evenly spread, and returns how many were committed.
func load4(ctx context.Context, s *dbtest.Server, rows int, rate float64, length time.Duration) (int64, error) {
	db, err := multi(s)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	began := time.Now()
	var taken, done atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for i := range steadyWriters {
		g.Go(func() error {
			conn, err := db.Conn(ctx)
			if err != nil {
				return err
			}
			defer conn.Close()
			text := uniform.writeOnly(rand.New(rand.NewPCG(3, uint64(i))), rows)
			for {
				if rate > 0 { // the nth transaction has its moment
					due := began.Add(time.Duration(float64(taken.Add(1)) / rate * float64(time.Second)))
					if err := pause(ctx, time.Until(due)); err != nil {
						return err
					}
				}
				if time.Since(began) >= length {
					return nil
				}
				ok, err := commit1(ctx, conn, text())
				if err != nil {
					return err
				}
				if ok {
					done.Add(1)
				}
			}
		})
	}
	err = g.Wait()
	return done.Load(), err
}

const (
	beatEvery = 50 * time.Millisecond
	lookEvery = 5 * time.Millisecond
)

// beat writes the time into a row of the source, again and again, and looks for
// it on the target. What it returns ends that and gives the lag of every beat
// after the first seconds: until it, or a later one, was seen.
func beat(ctx context.Context, l *lab) (end func() ([]time.Duration, error)) {
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan struct{})
	var beats []int64
	seen := map[int64]time.Time{}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		for n := 0; ; n++ {
			now := time.Now().UnixNano()
			if err := execute(gctx, l.src.DB(), fmt.Sprintf("REPLACE INTO %s.marker VALUES (2, %d)", schema, now)); err != nil {
				return err
			}
			beats = append(beats, now)
			select {
			case <-stopped:
				return nil
			case <-time.After(beatEvery):
			}
		}
	})
	last := int64(0)
	look := func() error {
		v, err := value(ctx, l.dst, "SELECT COALESCE(MAX(n), 0) FROM "+schema+".marker WHERE id = 2")
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(v, 10, 64)
		if err == nil && n > last {
			last = n
			seen[n] = time.Now()
		}
		return err
	}
	looking := make(chan error, 1)
	go func() { // ends with the last beat's arrival, or a minute after the load
		var quit <-chan time.Time
		stop := stopped
		for {
			if err := look(); err != nil {
				looking <- err
				return
			}
			select {
			case <-stop:
				g.Wait() // reports below; no beat comes after it
				stop, quit = nil, time.After(time.Minute)
			case <-quit:
				looking <- fmt.Errorf("the last heartbeat did not arrive within a minute")
				return
			case <-time.After(lookEvery):
			}
			if stop == nil && (len(beats) == 0 || last == beats[len(beats)-1]) {
				looking <- nil
				return
			}
		}
	}()
	return func() ([]time.Duration, error) {
		defer cancel()
		close(stopped)
		if err := <-looking; err != nil {
			return nil, err
		}
		if err := g.Wait(); err != nil {
			return nil, err
		}
		return lags(beats, seen), nil
	}
}

// lags gives every beat the moment in which it or a later one was seen.
func lags(beats []int64, seen map[int64]time.Time) []time.Duration {
	var out []time.Duration
	var at time.Time
	from := time.Unix(0, beats[0]).Add(settleSeconds * time.Second)
	for i := len(beats) - 1; i >= 0; i-- {
		if s, ok := seen[beats[i]]; ok {
			at = s
		}
		if sent := time.Unix(0, beats[i]); sent.After(from) {
			out = append(out, at.Sub(sent))
		}
	}
	return out
}
