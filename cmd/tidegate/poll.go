package main

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect"
)

func asConnect(err error, into **connect.Error) bool { return errors.As(err, into) }

const (
	pollEvery = 250 * time.Millisecond
	// patience is how long a daemon may be away while its answer is waited for:
	// it may be restarting.
	patience = 20 * time.Second
)

// poll calls f until it says it is done, ctx ends, or it fails. A daemon that
// answered before may be away for a while.
func poll(ctx context.Context, f func(context.Context) (done bool, err error)) error {
	since := time.Now()
	for {
		done, err := f(ctx)
		if _, gone := errors.AsType[*away](err); gone && time.Since(since) < patience {
			err = nil
		} else if err != nil {
			return err
		} else {
			since = time.Now()
		}
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollEvery):
		}
	}
}
