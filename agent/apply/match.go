package apply

import (
	"context"
	"fmt"

	"github.com/tidegate-io/tidegate/agent/apply/sqltext"
	"github.com/tidegate-io/tidegate/internal/change"
)

// maxMatches bounds the images of one CASE: a row is compared with one after the
// other.
const maxMatches = 1000

// matches renders as many deletes of rows of a table without a key as one look at
// the table finds, as a CASE over their images. Equal images stand beside each
// other and are one. Of few rows it renders the DELETE of the first.
func (r renderer) matches(dst []byte, ops []op, lo int) (int, []byte, error) {
	first := &ops[lo]
	text := first.table.text
	start := len(dst)
	dst = append(dst, sqltext.WhichHead...)
	hi, images := lo, 0
	for ; hi < len(ops) && images < maxMatches; hi++ {
		o := &ops[hi]
		if o.kind != first.kind || o.table != first.table {
			break
		}
		if hi > lo && text.Equal(*ops[hi-1].before, *o.before) {
			continue
		}
		mark := len(dst)
		var err error
		if dst, err = text.AppendWhen(dst, *o.before, images); err != nil {
			return hi, dst, err
		}
		if len(dst)-start > r.fill/2 { // the list of values wants as much again
			dst = dst[:mark]
			break
		}
		images++
	}
	if hi-lo < fewMatches {
		dst, err := appendSingle(dst[:start], first)
		return lo + 1, dst, err
	}
	return hi, append(dst, sqltext.WhichTail...), nil
}

// runMatches deletes rows of a table without a key that a CASE finds: one look
// counts and locks the rows of each image, a DELETE takes those that all go. An
// image that more rows hold than are to go has a DELETE of its own. One that fewer
// hold makes the sum too small.
func (a *Applier) runMatches(ctx context.Context, l *lane, s *share, st *statement) error {
	ops, which := s.ops[st.lo:st.hi], s.text[st.start:st.end]
	text := ops[0].table.text
	rows, want := images(ops)
	among, err := text.AppendAmong(nil, rows)
	if err != nil {
		return err
	}
	l.buf = text.AppendCount(l.buf[:0], which, among)
	found, err := l.countEach(ctx, l.buf, len(rows))
	if err != nil {
		return fmt.Errorf("look for %d rows of %s: %w", len(ops), ops[0].table.name(), err)
	}
	var more []int
	for i, n := range found {
		if n > want[i] {
			more = append(more, i)
		}
	}
	l.buf = text.AppendDeleteAll(l.buf[:0], which, among, more)
	total, err := l.exec(ctx, l.buf)
	for _, i := range more {
		if err != nil {
			break
		}
		if l.buf, err = text.AppendDelete(l.buf[:0], *rows[i], int(want[i])); err == nil {
			var n int64
			n, err = l.exec(ctx, l.buf)
			total += n
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.what([]statement{*st}), err)
	}
	return s.check(st, total)
}

// images are the different images of deletes, and how many rows of each go.
func images(ops []op) (rows []*change.Row, want []int64) {
	for i := range ops {
		if i == 0 || !ops[i].table.text.Equal(*ops[i-1].before, *ops[i].before) {
			rows, want = append(rows, ops[i].before), append(want, 0)
		}
		want[len(want)-1]++
	}
	return rows, want
}

// countEach runs a SELECT that counts the rows of each of n images.
func (l *lane) countEach(ctx context.Context, query []byte, n int) ([]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, statementLimit)
	defer cancel()
	rows, err := l.conn.QueryContext(ctx, view(query))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make([]int64, n)
	for rows.Next() {
		var which *int
		var count int64
		if err := rows.Scan(&which, &count); err != nil {
			return nil, err
		}
		if which != nil {
			found[*which] = count
		}
	}
	return found, rows.Err()
}
