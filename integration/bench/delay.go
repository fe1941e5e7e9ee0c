package main

import (
	"context"
	"fmt"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/faultnet"
)

// roundTrip is how far away a distant target is.
const roundTrip = 20 * time.Millisecond

func delayRow() row {
	return row{name: "catchup-20ms", what: "catch-up, MySQL, durable, target 20 ms away, against the same without the way", unit: "s", target: 0.7, prepare: prepareDelay}
}

func prepareDelay(ctx context.Context, b *bench) (*job, error) {
	c := catchUp{dbtest.MySQL, true, uniform}
	l, bl, err := c.ready(ctx, b)
	if err != nil {
		return nil, err
	}
	at := func(delay time.Duration) func(context.Context) (sample, error) {
		return func(ctx context.Context) (sample, error) {
			if err := c.target(ctx, b, l, bl); err != nil {
				return sample{}, err
			}
			address := l.dst.Addr
			if delay > 0 {
				p, err := faultnet.New(l.dst.Addr)
				if err != nil {
					return sample{}, err
				}
				defer p.Close()
				p.Delay(delay / 2)
				address = p.Addr()
			}
			return b.checked(ctx, l, bl, func() (sample, error) { return b.catchUp(ctx, l, bl, address) })
		}
	}
	return &job{
		settings: fmt.Sprintf("%s, through a proxy that adds %s to a round trip", c.settings(b, bl), roundTrip),
		ratio:    faster,
		peer:     at(0),
		ours:     at(roundTrip),
	}, nil
}
