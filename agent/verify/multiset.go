package verify

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tidegate-io/tidegate/internal/run"
)

// buckets is how many parts a table without a common key is split into, so that
// a part that is written at the moment does not hold up the rest.
const buckets = 256

// grouping is one look at a side: the aggregates of every bucket.
type grouping [buckets]aggregate

// multiset compares a table whose rows no key tells apart on both sides alike:
// per bucket of the row's hash, the count and the sums must agree. The rows are
// compared as a multiset, duplicates included. Every look reads the whole table
// once on each side, before and after, whatever is still open; each bucket is
// settled by the rule of settle.
func (v *Verifier) multiset(ctx context.Context, t Table, out *run.VerifyTable) error {
	var open [buckets]bool
	var proven [buckets]int
	for i := range open {
		open[i] = true
	}
	left, differing := buckets, 0
	close := func(i int, source, target aggregate) {
		open[i] = false
		left--
		out.RowsSource += source.rows
		out.RowsTarget += target.rows
	}
	for attempt := 0; left > 0; attempt++ {
		if attempt == multisetLooks {
			return errBusy(t.source().table)
		}
		before, target, now, err := v.look(ctx, t)
		if err != nil {
			return err
		}
		for i := range open {
			switch {
			case !open[i]:
			case target[i] == before[i] || target[i] == now[i]:
				close(i, target[i], target[i])
			case before[i] != now[i]:
				proven[i] = 0
			default:
				if proven[i]++; proven[i] >= confirm {
					differing++
					close(i, now[i], target[i])
				}
			}
		}
		if left > 0 {
			if err := pause(ctx, attempt); err != nil {
				return err
			}
		}
	}
	v.chunks.Add(buckets)
	out.Chunks = buckets
	if differing > 0 {
		out.Differing = append(out.Differing, fmt.Sprintf("rows as a multiset: %d of %d parts differ (%d rows on the source, %d on the target)",
			differing, buckets, out.RowsSource, out.RowsTarget))
	}
	return nil
}

// look reads the source, lets the applier catch up with that, and reads the
// target and the source again.
func (v *Verifier) look(ctx context.Context, t Table) (before, target, now *grouping, err error) {
	if before, err = v.grouped(ctx, v.src, t, t.source()); err != nil {
		return nil, nil, nil, err
	}
	if err = v.deps.Drain(ctx); err != nil {
		return nil, nil, nil, err
	}
	err = both(
		func() (err error) { target, err = v.grouped(ctx, v.dst, t, t.target()); return },
		func() (err error) { now, err = v.grouped(ctx, v.src, t, t.source()); return })
	return before, target, now, err
}

func (v *Verifier) grouped(ctx context.Context, db *sql.DB, t Table, s side) (*grouping, error) {
	text, _ := rowText(t.columns())
	d := summed(t.columns())
	rows, err := db.QueryContext(ctx, fmt.Sprintf("SELECT CRC32(%s) %% %d AS bucket, %s FROM %s GROUP BY bucket", text, buckets, d.list, s.table))
	if err != nil {
		return nil, fmt.Errorf("aggregate %s: %w", s.table, err)
	}
	defer rows.Close()
	out := &grouping{}
	for i := range out {
		out[i] = aggregate{value: "0"}
	}
	for rows.Next() {
		var n sql.NullInt64
		var a aggregate
		if err := rows.Scan(&n, &a.rows, &a.value); err != nil {
			return nil, fmt.Errorf("aggregate %s: %w", s.table, err)
		}
		if !n.Valid || !d.whole(a) {
			return nil, tooWide(s)
		}
		out[n.Int64] = a
	}
	return out, rows.Err()
}
