package main

import (
	"context"
	"fmt"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// promisedMiB is the most memory an agent may hold.
const promisedMiB = 256

func memoryRow() row {
	return row{name: "memory", what: "agent's peak memory in one large transaction, against 256 MiB (that of other rows is in their lines)", unit: "MiB", target: 1, most: true, prepare: prepareMemory}
}

func prepareMemory(ctx context.Context, b *bench) (*job, error) {
	size := int64(float64(int64(1)<<30) * b.scale)
	if b.big {
		size *= 5
	}
	l, err := b.lab(ctx, dbtest.MySQL)
	if err != nil {
		return nil, err
	}
	return &job{
		settings: fmt.Sprintf("one transaction of %.1f GB of log; %s; %s; ours with defaults", float64(size)/(1<<30), durabilityText(false), serverSettings),
		ratio:    slower,
		limit:    promisedMiB,
		ours:     func(ctx context.Context) (sample, error) { return b.oneTransaction(ctx, l, size) },
	}, nil
}

// logRowBytes is what one inserted row adds to the log.
const logRowBytes = 193

// oneTransaction has the source write one transaction of about size bytes of
// log while the program follows, and watches the agent's memory.
func (b *bench) oneTransaction(ctx context.Context, l *lab, size int64) (s sample, err error) {
	image, err := b.base(ctx, l, b.even())
	if err != nil {
		return s, err
	}
	l.loaded = ""
	if err := b.useImage(ctx, l.src, image); err != nil {
		return s, err
	}
	if err := b.cloneImage(ctx, l.dst, image, durability(false)...); err != nil {
		return s, err
	}
	for _, server := range []*dbtest.Server{l.src, l.dst} {
		if err := execute(ctx, server.DB(), "CREATE TABLE "+schema+".large LIKE "+tableName(0)); err != nil {
			return s, err
		}
	}
	err = b.with(ctx, func(o *ours) error {
		if err := o.apply(ctx, pipeline(l.src.Addr, l.dst.Addr, "  type = \"incremental\"\n")); err != nil {
			return err
		}
		if err := o.caughtUp(ctx); err != nil {
			return err
		}
		began := time.Now()
		if err := large(ctx, l.src, int(size/logRowBytes)); err != nil {
			return err
		}
		written := time.Since(began)
		if s, err = o.measure(l, func() error { return o.equalSides(ctx, l) }); err != nil {
			return err
		}
		s.Note = fmt.Sprintf("written in %.0f s, on the target and compared after another %.0f s", written.Seconds(), s.Value)
		s.Value = s.PeakMiB
		return nil
	})
	return s, err
}

// large inserts so many rows in one transaction.
func large(ctx context.Context, s *dbtest.Server, rows int) error {
	tx, err := s.DB().BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	for n := 0; rows > 0; n++ {
		r, err := tx.ExecContext(ctx, fmt.Sprintf("INSERT INTO %s.large (k,c,pad) SELECT k,c,pad FROM %s LIMIT %d", schema, tableName(n%tableCount), rows))
		if err != nil {
			return err
		}
		got, err := r.RowsAffected()
		if err != nil {
			return err
		}
		rows -= int(got)
	}
	return tx.Commit()
}
