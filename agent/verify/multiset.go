package verify

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tidegate-io/tidegate/internal/run"
)

// buckets is how many parts a table without a common key is split into, so that
// a part that is written at the moment does not hold up the rest.
const buckets = 64

// multiset compares a table whose rows no key tells apart on both sides alike:
// per bucket of the row's hash, the count and the sums must agree. The rows are
// compared as a multiset, duplicates included.
func (v *Verifier) multiset(ctx context.Context, t Table, out *run.VerifyTable) error {
	list := sums(t.columns())
	bucket := fmt.Sprintf("CRC32(%s) %% %d", rowText(t.columns()), buckets)
	var a, b map[int]aggregate
	err := both(
		func() (err error) { a, err = v.grouped(ctx, v.src, t.source(), list, bucket); return },
		func() (err error) { b, err = v.grouped(ctx, v.dst, t.target(), list, bucket); return })
	if err != nil {
		return err
	}
	differing := 0
	for i := range buckets {
		x, y := a[i], b[i]
		if x != y {
			where := fmt.Sprintf("%s = %d", bucket, i)
			var verdict verdict
			x, y, verdict, err = settle(ctx, multisetLooks, v.deps.Drain,
				func() (aggregate, error) { return v.sum(ctx, v.src, t.source(), list, where) },
				func() (aggregate, error) { return v.sum(ctx, v.dst, t.target(), list, where) })
			switch {
			case err != nil:
				return err
			case verdict == undecided:
				return errBusy(t.source().table)
			case verdict == different:
				differing++
			}
		}
		out.RowsSource += x.rows
		out.RowsTarget += y.rows
	}
	v.chunks.Add(buckets)
	out.Chunks = buckets
	if differing > 0 {
		out.Differing = append(out.Differing, fmt.Sprintf("rows as a multiset: %d of %d parts differ (%d rows on the source, %d on the target)",
			differing, buckets, out.RowsSource, out.RowsTarget))
	}
	return nil
}

func (v *Verifier) grouped(ctx context.Context, db *sql.DB, s side, list, bucket string) (map[int]aggregate, error) {
	rows, err := db.QueryContext(ctx, "SELECT "+bucket+" AS bucket, "+list+" FROM "+s.table+" GROUP BY bucket")
	if err != nil {
		return nil, fmt.Errorf("aggregate %s: %w", s.table, err)
	}
	defer rows.Close()
	out := map[int]aggregate{}
	for rows.Next() {
		var n int
		var a aggregate
		if err := rows.Scan(&n, &a.rows, &a.hashed, &a.sum, &a.reverse); err != nil {
			return nil, fmt.Errorf("aggregate %s: %w", s.table, err)
		}
		if a.rows != a.hashed {
			return nil, fmt.Errorf("%d rows of %s have no checksum: raise max_allowed_packet on that server", a.rows-a.hashed, s.table)
		}
		out[n] = a
	}
	return out, rows.Err()
}
