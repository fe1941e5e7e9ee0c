package verify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tidegate-io/tidegate/internal/guard"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// chunk is a range of a table's key, and what its comparison found.
type chunk struct {
	where     string
	rows      aggregatePair
	differing []string
}

type aggregatePair struct{ source, target uint64 }

// paged compares a table in ranges of its key, several at a time: the bounds are
// looked for one after the other, the rows between them summed side by side.
func (v *Verifier) paged(ctx context.Context, t Table, out *run.VerifyTable) error {
	key := rangeKey(t.Source, keyOf(t.Source, t.pagingKey()))
	size := newChunkSize(v.cfg.ChunkRows)
	var chunks []*chunk
	g, ctx := guard.WithContext(ctx)
	g.Go(func() error {
		var last []string
		for {
			next, err := v.bound(ctx, t, key, last, size.rows())
			if err != nil {
				return err
			}
			c := &chunk{where: rangeOf(key, last, next)}
			chunks = append(chunks, c)
			if err := v.slot(ctx); err != nil {
				return err
			}
			g.Go(func() error {
				defer v.free()
				began := time.Now()
				err := v.compare(ctx, t, c)
				size.took(time.Since(began))
				return err
			})
			if next == nil {
				return nil
			}
			last = next
		}
	})
	if err := g.Wait(); err != nil {
		return err
	}
	for _, c := range chunks {
		out.Chunks++
		out.RowsSource += c.rows.source
		out.RowsTarget += c.rows.target
		room := v.cfg.MaxKeys - len(out.Differing)
		out.Differing = append(out.Differing, c.differing[:min(len(c.differing), room)]...)
	}
	return nil
}

// compare compares one range.
func (v *Verifier) compare(ctx context.Context, t Table, c *chunk) error {
	d := v.digest(t)
	var a, b aggregate
	err := both(
		func() (err error) { a, err = v.aggregate(ctx, v.src, t.source(), d, c.where); return },
		func() (err error) { b, err = v.aggregate(ctx, v.dst, t.target(), d, c.where); return })
	if err != nil {
		return err
	}
	if a != b {
		if a, b, err = v.differing(ctx, t, c); err != nil {
			return err
		}
	}
	v.chunks.Add(1)
	c.rows = aggregatePair{a.rows, b.rows}
	return nil
}

// bound finds the last key of the next chunk on the source, nil at the end.
func (v *Verifier) bound(ctx context.Context, t Table, key []schema.Column, last []string, rows int) ([]string, error) {
	exprs, order := make([]string, len(key)), make([]string, len(key))
	for i := range key {
		exprs[i], order[i] = boundText(&key[i]), mysql.Ident(key[i].Name)
	}
	q := fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY %s LIMIT 1 OFFSET %d",
		strings.Join(exprs, ","), t.source().table, rangeOf(key, last, nil), strings.Join(order, ","), rows-1)
	texts, dest := make([]string, len(key)), make([]any, len(key))
	for i := range texts {
		dest[i] = &texts[i]
	}
	switch err := v.src.QueryRowContext(ctx, q).Scan(dest...); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("find the next range of %s: %w", t.source().table, err)
	}
	for i := range texts {
		texts[i] = boundLiteral(&key[i], texts[i])
	}
	return texts, nil
}

// rangeOf is the condition for keys in (last, next]; nil is no bound.
func rangeOf(key []schema.Column, last, next []string) string {
	where := "1"
	if last != nil {
		where = after(key, ">", last)
	}
	if next != nil {
		where += " AND " + after(key, "<=", next)
	}
	return where
}

// differing looks at a differing range again, as a whole and then row by row. A
// range that is proven to differ has such a row, or is looked at again, and after a few times given up.
func (v *Verifier) differing(ctx context.Context, t Table, c *chunk) (a, b aggregate, err error) {
	for range confirm {
		a, b, verdict, err := v.narrow(ctx, t, c)
		if err != nil || verdict == equal || len(c.differing) > 0 {
			return a, b, err
		}
	}
	return a, b, errBusy(t.source().table)
}

// narrow is one look of differing; the verdict is on the range as it was last.
func (v *Verifier) narrow(ctx context.Context, t Table, c *chunk) (a, b aggregate, found verdict, err error) {
	d := v.digest(t)
	a, b, found, err = settle(ctx, rangeLooks, v.deps.Drain,
		func() (aggregate, error) { return v.aggregate(ctx, v.src, t.source(), d, c.where) },
		func() (aggregate, error) { return v.aggregate(ctx, v.dst, t.target(), d, c.where) })
	if err != nil || found == equal {
		return a, b, found, err
	}
	c.differing, err = v.differingKeys(ctx, t, c.where)
	if err == nil && len(c.differing) == 0 && found == undecided { // rows came to agree one after the other while we looked
		return a, a, equal, nil
	}
	return a, b, found, err
}
