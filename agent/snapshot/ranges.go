package snapshot

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

const (
	minChunkRows = 50
	maxChunkRows = 1 << 20
	defaultRow   = 200 // bytes; the guess before anything was read
)

// pace is what finished chunks of one table taught about its rows. Several
// chunks of a table are in flight, so it is shared.
type pace struct {
	mu       sync.Mutex
	rowBytes float64       // bytes per row
	rowTime  time.Duration // read time per row
	density  float64       // rows per unit of an integer key; 0: not known
}

func newPace(t Table) *pace {
	p := &pace{rowBytes: defaultRow}
	if t.Rows > 0 && t.Bytes > 0 {
		p.rowBytes = max(float64(t.Bytes)/float64(t.Rows), 16)
	}
	return p
}

// learn takes a finished chunk into account; later chunks weigh more than
// earlier ones, since rows of a range resemble their neighbours.
func (p *pace) learn(rows, bytes int64, took time.Duration, span float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if span > 0 {
		p.density = float64(rows) / span
	}
	if rows < minChunkRows/2 {
		return
	}
	p.rowBytes = (p.rowBytes + float64(bytes)/float64(rows)) / 2
	p.rowTime = (p.rowTime + took/time.Duration(rows)) / 2
}

// rows is how many rows the next chunk is to have.
func (p *pace) rows(cfg Config) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := float64(cfg.ChunkBytes) / p.rowBytes
	if p.rowTime > 0 {
		n = min(n, float64(cfg.ReadTime)/float64(p.rowTime))
	}
	return int64(min(max(n, minChunkRows), maxChunkRows))
}

// expect takes an estimate of the density for as long as no chunk has told it.
func (p *pace) expect(density float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.density == 0 {
		p.density = density
	}
}

func (p *pace) dense() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.density >= 0.5
}

// ranger finds a table's ranges, in key order.
type ranger struct {
	id     int
	pg     *paging
	where  string
	name   schema.ID
	pace   *pace
	likely int64 // rows that are expected; 0: nobody knows

	cursor // the planner's alone; the rest does not change
}

// cursor is how far the ranges of a table are found.
type cursor struct {
	seq    uint64
	last   ledger.Bound // upper bound of the last range found
	closed bool         // the range without an upper bound is found
	top    string       // greatest key seen, for arithmetic
}

// next finds the next range by the rows it is to have. Where an integer key has
// few gaps, the bound is computed: a range of so many keys has at most as many
// rows. Else the source counts them on the key's index.
func (r *ranger) next(ctx context.Context, q mysql.Querier, cfg Config) (ledger.Chunk, error) {
	n := r.rows(cfg)
	upper, err := r.computed(ctx, q, n)
	if err == nil && upper == nil {
		upper, err = r.counted(ctx, q, n)
	}
	if err != nil {
		return ledger.Chunk{}, fmt.Errorf("find the next range of %s: %w", r.name, err)
	}
	return r.take(upper), nil
}

// rows is how many rows the next range is to have. Of a table that is expected
// to have few, more than that are looked for only once they are known to be there.
func (r *ranger) rows(cfg Config) int64 {
	n := r.pace.rows(cfg)
	if r.likely < fewRows && r.last == nil {
		n = min(n, fewRows)
	}
	return n
}

// take makes the range up to a bound the next one.
func (r *ranger) take(upper ledger.Bound) ledger.Chunk {
	c := ledger.Chunk{Table: r.id, Seq: r.seq, Lower: r.last, Upper: upper}
	r.seq++
	r.last, r.closed = upper, upper == nil
	return c
}

// counted asks for the key of the n-th row behind the last bound; nil if there
// are fewer.
func (r *ranger) counted(ctx context.Context, q mysql.Querier, n int64) (ledger.Bound, error) {
	rows, err := q.QueryContext(ctx, r.count(n))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return r.bound(rows)
}

func (r *ranger) count(n int64) string {
	return "SELECT " + r.pg.selectList() + r.from(r.last, nil) + " ORDER BY " + r.pg.orderBy() + " LIMIT 1 OFFSET " + strconv.FormatInt(n-1, 10)
}

// bound reads the answer to count.
func (r *ranger) bound(rows *sql.Rows) (ledger.Bound, error) {
	found, err := r.pg.scan(rows)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// firstBounds asks for the upper bounds of several tables' first ranges in one
// go. It returns nil for each if that does not work.
func firstBounds(ctx context.Context, q mysql.Querier, rangers []*ranger, cfg Config) []ledger.Bound {
	query := make([]string, len(rangers))
	for i, r := range rangers {
		query[i] = r.count(r.rows(cfg))
	}
	rows, err := q.QueryContext(ctx, strings.Join(query, ";"))
	if err != nil {
		return nil
	}
	defer rows.Close()
	out := make([]ledger.Bound, len(rangers))
	for i, r := range rangers {
		if i > 0 && !rows.NextResultSet() {
			return nil
		}
		if out[i], err = r.bound(rows); err != nil {
			return nil
		}
	}
	return out
}

// computed adds n to the last bound of a dense integer key. It returns nil
// where that is not wise, and near the greatest key.
func (r *ranger) computed(ctx context.Context, q mysql.Querier, n int64) (ledger.Bound, error) {
	if !r.pg.single() || r.pg.parts[0].desc {
		return nil, nil
	}
	if r.last == nil {
		return r.first(ctx, q, n)
	}
	upper, ok := r.add(r.last[0], n)
	if !ok || !r.pace.dense() {
		return nil, nil
	}
	if !r.below(upper) {
		if _, err := r.ends(ctx, q); err != nil {
			return nil, err
		}
	}
	return r.under(upper), nil
}

// first computes the first bound, where the least and the greatest key and the
// server's estimate of rows say that there are few gaps.
func (r *ranger) first(ctx context.Context, q mysql.Querier, n int64) (ledger.Bound, error) {
	if r.likely < fewRows || r.where != "" {
		return nil, nil
	}
	least, err := r.ends(ctx, q)
	if err != nil || least == "" {
		return nil, err
	}
	r.pace.expect(float64(r.likely) / (distance(least, r.top) + 1))
	upper, ok := r.add(least, n-1)
	if !ok || !r.pace.dense() {
		return nil, nil
	}
	return r.under(upper), nil
}

// ends asks for the least and the greatest key; both are "" where there is no row.
func (r *ranger) ends(ctx context.Context, q mysql.Querier) (least string, err error) {
	col := mysql.Ident(r.pg.parts[0].col.Name)
	var a, b sql.NullString
	if err := q.QueryRowContext(ctx, "SELECT MIN("+col+"), MAX("+col+") FROM "+mysql.Table(r.name.Schema, r.name.Name)).Scan(&a, &b); err != nil {
		return "", err
	}
	r.top = b.String
	return a.String, nil
}

// under is the bound if it is under the greatest key seen.
func (r *ranger) under(upper string) ledger.Bound {
	if !r.below(upper) {
		return nil
	}
	return ledger.Bound{upper}
}

func (r *ranger) add(literal string, n int64) (string, bool) {
	if r.pg.parts[0].col.Unsigned {
		v, err := strconv.ParseUint(literal, 10, 64)
		return strconv.FormatUint(v+uint64(n), 10), err == nil && v <= math.MaxUint64-uint64(n)
	}
	v, err := strconv.ParseInt(literal, 10, 64)
	return strconv.FormatInt(v+n, 10), err == nil && v <= math.MaxInt64-n
}

// below reports whether a key is under the greatest one seen.
func (r *ranger) below(literal string) bool {
	if r.pg.parts[0].col.Unsigned {
		a, err1 := strconv.ParseUint(literal, 10, 64)
		b, err2 := strconv.ParseUint(r.top, 10, 64)
		return err1 == nil && err2 == nil && a < b
	}
	a, err1 := strconv.ParseInt(literal, 10, 64)
	b, err2 := strconv.ParseInt(r.top, 10, 64)
	return err1 == nil && err2 == nil && a < b
}

// span is how many integer keys a range covers; 0 if that is not known.
func (r *ranger) span(c ledger.Chunk) float64 {
	if !r.pg.single() || c.Lower == nil || c.Upper == nil {
		return 0
	}
	return distance(c.Lower[0], c.Upper[0])
}

// distance is how far two integers are apart, 0 if one is none.
func distance(a, b string) float64 {
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	if err1 != nil || err2 != nil {
		return 0
	}
	return math.Abs(y - x)
}

// from is the FROM and WHERE of a range, read along the paging key's index.
func (r *ranger) from(lower, upper ledger.Bound) string {
	s := " FROM " + mysql.Table(r.name.Schema, r.name.Name) + " FORCE INDEX (" + mysql.Ident(r.pg.key) + ")"
	return s + whereOf(r.pg.between(lower, upper), r.where)
}

func whereOf(conditions ...string) string {
	s := ""
	for _, c := range conditions {
		switch {
		case c == "":
		case s == "":
			s = " WHERE (" + c + ")"
		default:
			s += " AND (" + c + ")"
		}
	}
	return s
}
