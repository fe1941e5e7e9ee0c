package verify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// paged compares a table in ranges of its key.
func (v *Verifier) paged(ctx context.Context, t Table, out *run.VerifyTable) error {
	key := keyOf(t.Source, t.pagingKey())
	list := sums(t.columns())
	var last []string
	for {
		next, err := v.bound(ctx, t, key, last)
		if err != nil {
			return err
		}
		where := rangeOf(key, last, next)
		var a, b aggregate
		err = both(
			func() (err error) { a, err = v.sum(ctx, v.src, t.source(), list, where); return },
			func() (err error) { b, err = v.sum(ctx, v.dst, t.target(), list, where); return })
		if err != nil {
			return err
		}
		if a != b {
			if a, b, err = v.differing(ctx, t, where, out); err != nil {
				return err
			}
		}
		v.chunks.Add(1)
		out.Chunks++
		out.RowsSource += a.rows
		out.RowsTarget += b.rows
		if next == nil {
			return nil
		}
		last = next
	}
}

// bound finds the last key of the next chunk on the source, nil at the end.
func (v *Verifier) bound(ctx context.Context, t Table, key []schema.Column, last []string) ([]string, error) {
	exprs, order := make([]string, len(key)), make([]string, len(key))
	for i := range key {
		exprs[i], order[i] = boundText(&key[i]), mysql.Ident(key[i].Name)
	}
	q := fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY %s LIMIT 1 OFFSET %d",
		strings.Join(exprs, ","), t.source().table, rangeOf(key, last, nil), strings.Join(order, ","), v.cfg.ChunkRows-1)
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

// differing looks at a differing range again, as a whole and then row by row.
func (v *Verifier) differing(ctx context.Context, t Table, where string, out *run.VerifyTable) (a, b aggregate, err error) {
	list := sums(t.columns())
	a, b, verdict, err := settle(ctx, rangeLooks, v.deps.Drain,
		func() (aggregate, error) { return v.sum(ctx, v.src, t.source(), list, where) },
		func() (aggregate, error) { return v.sum(ctx, v.dst, t.target(), list, where) })
	if err != nil || verdict == equal {
		return a, b, err
	}
	keys, err := v.differingKeys(ctx, t, where)
	if err != nil {
		return a, b, err
	}
	if len(keys) == 0 { // rows came to agree one after the other while we looked
		b = a
		return a, b, nil
	}
	for _, k := range keys {
		if len(out.Differing) < v.cfg.MaxKeys {
			out.Differing = append(out.Differing, k)
		}
	}
	return a, b, nil
}
