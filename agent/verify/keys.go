package verify

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// rowHash is the hash of the row with a key; the zero value is "no such row". A
// target without the key may have several, of which it is the sum.
type rowHash struct {
	rows int
	hash uint64
}

// candidates are rows that differed at one look, by the literals of their key.
type candidates map[string][]string

// rows reads key and hash of every row that matches.
func (v *Verifier) rows(ctx context.Context, q querier, s side, key, columns []schema.Column, where string) (map[string]rowHash, candidates, error) {
	exprs := make([]string, len(key))
	for i := range key {
		exprs[i] = boundText(&key[i])
	}
	rows, err := q.QueryContext(ctx, "SELECT "+strings.Join(exprs, ",")+","+rowHashSQL(columns)+" FROM "+s.table+" WHERE "+where)
	if err != nil {
		return nil, nil, fmt.Errorf("read row hashes of %s: %w", s.table, err)
	}
	defer rows.Close()
	found, literals := map[string]rowHash{}, candidates{}
	texts := make([]string, len(key))
	var hash uint64
	dest := make([]any, 0, len(key)+1)
	for i := range texts {
		dest = append(dest, &texts[i])
	}
	dest = append(dest, &hash)
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return nil, nil, fmt.Errorf("read row hashes of %s: %w", s.table, err)
		}
		lits := make([]string, len(key))
		for i := range key {
			lits[i] = boundLiteral(&key[i], texts[i])
		}
		id := strings.Join(lits, ", ")
		found[id], literals[id] = rowHash{found[id].rows + 1, found[id].hash + hash}, lits
	}
	return found, literals, rows.Err()
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// differingKeys narrows a range to the keys that are proven to differ.
func (v *Verifier) differingKeys(ctx context.Context, t Table, where string) ([]string, error) {
	key := keyOf(t.Source, t.pagingKey())
	var a, b map[string]rowHash
	var la, lb candidates
	err := both(
		func() (err error) {
			a, la, err = v.rows(ctx, v.src, t.source(), key, t.columns(), where)
			return
		},
		func() (err error) {
			b, lb, err = v.rows(ctx, v.dst, t.target(), key, t.columns(), where)
			return
		})
	if err != nil {
		return nil, err
	}
	suspects := candidates{}
	for id, h := range a {
		if b[id] != h {
			suspects[id] = la[id]
		}
	}
	for id := range b {
		if a[id].rows == 0 {
			suspects[id] = lb[id]
		}
	}
	var out []string
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(suspects)), 50*v.cfg.MaxKeys) { // a statement names so many
		proven, err := v.prove(ctx, t, key, suspects, ids)
		if out = append(out, proven...); err != nil || len(out) >= v.cfg.MaxKeys {
			return out, err
		}
	}
	return out, nil
}

// prove keeps those of the suspects whose difference stands: looked at again in groups,
// and those that never hold still once more while their source rows are locked
// for reading, for as long as the applier needs to catch up.
func (v *Verifier) prove(ctx context.Context, t Table, key []schema.Column, suspects candidates, ids []string) ([]string, error) {
	seen := map[string]int{}
	var out []string
	for attempt := 0; len(ids) > 0; attempt++ {
		where := anyOf(key, suspects, ids)
		before, _, err := v.rows(ctx, v.src, t.source(), key, t.columns(), where)
		if err != nil {
			return nil, err
		}
		if err := v.deps.Drain(ctx); err != nil {
			return nil, err
		}
		target, _, err := v.rows(ctx, v.dst, t.target(), key, t.columns(), where)
		if err != nil {
			return nil, err
		}
		now, _, err := v.rows(ctx, v.src, t.source(), key, t.columns(), where)
		if err != nil {
			return nil, err
		}
		var left []string
		for _, id := range ids {
			switch {
			case target[id] == before[id] || target[id] == now[id]:
			case before[id] != now[id]:
				seen[id] = 0
				left = append(left, id)
			case seen[id]+1 >= confirm:
				out = append(out, describe(key, suspects[id], now[id], target[id]))
			default:
				seen[id]++
				left = append(left, id)
			}
		}
		if ids = left; attempt >= rowLooks {
			locked, err := v.proveLocked(ctx, t, key, suspects, ids)
			return append(out, locked...), err
		}
		if err := pause(ctx, attempt); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (v *Verifier) proveLocked(ctx context.Context, t Table, key []schema.Column, suspects candidates, ids []string) ([]string, error) {
	var out []string
	for _, id := range ids {
		where := anyOf(key, suspects, []string{id})
		tx, err := v.src.BeginTx(ctx, nil)
		if err != nil {
			return nil, err
		}
		source, _, err := v.rows(ctx, tx, t.source(), key, t.columns(), where+" LOCK IN SHARE MODE")
		if err == nil {
			err = v.deps.Drain(ctx)
		}
		var target map[string]rowHash
		if err == nil {
			target, _, err = v.rows(ctx, v.dst, t.target(), key, t.columns(), where)
		}
		tx.Rollback() //nolint:errcheck // nothing was written
		if mysql.Number(err) == 1205 {
			return nil, errBusy(t.source().table)
		}
		if err != nil {
			return nil, err
		}
		if source[id] != target[id] {
			out = append(out, describe(key, suspects[id], source[id], target[id]))
		}
	}
	return out, nil
}

// anyOf is the condition that selects the rows with these keys.
func anyOf(key []schema.Column, all candidates, ids []string) string {
	or := make([]string, len(ids))
	for i, id := range ids {
		and := make([]string, len(key))
		for j := range key {
			and[j] = mysql.Ident(key[j].Name) + "=" + all[id][j]
		}
		or[i] = "(" + strings.Join(and, " AND ") + ")"
	}
	return "(" + strings.Join(or, " OR ") + ")"
}

// describe names a differing row for the report.
func describe(key []schema.Column, literals []string, source, target rowHash) string {
	parts := make([]string, len(key))
	for i := range key {
		parts[i] = key[i].Name + "=" + literals[i]
	}
	kind := "changed"
	switch {
	case source.rows == 0:
		kind = "extra on the target"
	case target.rows == 0:
		kind = "missing on the target"
	case target.rows > source.rows:
		kind = fmt.Sprintf("there %d times on the target", target.rows)
	}
	return strings.Join(parts, ", ") + ": " + kind
}
