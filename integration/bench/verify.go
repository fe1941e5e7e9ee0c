package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// prepareVerify compares a verification with the copy before it: the peer is
// that copy.
func prepareVerify(ctx context.Context, b *bench) (*job, error) {
	if b.side != "both" {
		return nil, errors.New("this row measures one run in two parts and needs -side both")
	}
	l, _, err := b.copySource(ctx, dbtest.MySQL, b.even())
	if err != nil {
		return nil, err
	}
	var verified sample
	return &job{
		settings: fmt.Sprintf("scale %g, defaults; %s; %s", b.scale, durabilityText(false), serverSettings),
		ratio:    faster,
		peer: func(ctx context.Context) (copy sample, err error) {
			err = b.copied(ctx, l, func(o *ours, s sample) (err error) {
				copy = s
				verified, err = o.measure(l, func() error {
					_, err := o.Must(ctx, "verify", "p", "--wait")
					return err
				})
				return err
			})
			return copy, err
		},
		ours: func(context.Context) (sample, error) { return verified, nil },
	}, nil
}

// preparePlan has a plan made of very many tables.
func preparePlan(ctx context.Context, b *bench) (*job, error) {
	l, _, err := b.copySource(ctx, dbtest.MySQL, b.many())
	if err != nil {
		return nil, err
	}
	return &job{
		settings: fmt.Sprintf("%d tables; %s", b.scaled(10_000), serverSettings),
		ratio:    slower,
		limit:    time.Minute.Seconds(),
		ours: func(ctx context.Context) (s sample, err error) {
			if err := b.cloneImage(ctx, l.dst, l.empty(), durability(false)...); err != nil {
				return s, err
			}
			err = b.with(ctx, func(o *ours) error {
				file, err := o.write(pipeline(l.src.Addr, l.dst.Addr, ""))
				if err != nil {
					return err
				}
				s, err = o.measure(l, func() error { _, err := o.Must(ctx, "plan", file); return err })
				return err
			})
			return s, err
		},
	}, nil
}
