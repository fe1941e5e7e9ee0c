package sqltext

import (
	"strconv"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Many rows of a table without a key are found by one look at the table: a CASE
// numbers the images, and a list of one column's values spares the rows that hold
// none of them its comparisons.

// WhichHead and WhichTail enclose the images of a CASE, of which each is appended
// by AppendWhen. A row that holds none of them gets NULL.
const (
	WhichHead = "CASE"
	WhichTail = " END"
)

// AppendWhen appends one image and its number.
func (t *Table) AppendWhen(dst []byte, row change.Row, n int) ([]byte, error) {
	dst, err := t.appendMatch(append(dst, " WHEN "...), row)
	dst = append(dst, " THEN "...)
	return strconv.AppendInt(dst, int64(n), 10), err
}

// AppendCount appends a SELECT that counts the rows of each image and locks them.
func (t *Table) AppendCount(dst, which, among []byte) []byte {
	dst = append(append(dst, "SELECT "...), which...)
	dst = append(append(dst, ",COUNT(*) FROM "...), t.name...)
	dst = append(append(dst, " WHERE "...), among...)
	return append(dst, " GROUP BY 1 FOR UPDATE"...)
}

// AppendDeleteAll appends the DELETE of every row that holds one of the images,
// but those with these numbers.
func (t *Table) AppendDeleteAll(dst, which, among []byte, but []int) []byte {
	dst = append(append(dst, "DELETE FROM "...), t.name...)
	dst = append(append(dst, " WHERE "...), among...)
	dst = append(append(dst, " AND "...), which...)
	if len(but) == 0 {
		return append(dst, " IS NOT NULL"...)
	}
	sep := " NOT IN ("
	for _, n := range but {
		dst = strconv.AppendInt(append(dst, sep...), int64(n), 10)
		sep = ","
	}
	return append(dst, ')')
}

// longListed is the longest value, in bytes, of a list of values.
const longListed = 255

// AppendAmong appends a condition that holds for each row that holds one of the
// images, and for few others: that the most telling column has one of their values.
// A column that an index begins with is taken before one that tells a little more.
func (t *Table) AppendAmong(dst []byte, rows []*change.Row) ([]byte, error) {
	var best *Column
	var values []*change.Row
	for i := range t.Columns {
		c := &t.Columns[i]
		v := c.listed(rows)
		weight := len(v)
		if len(t.Narrow) > 0 && t.Narrow[0].Name == c.Name {
			weight *= 2
		}
		if weight > len(values) {
			best, values = c, v
		}
	}
	if best == nil {
		return append(dst, "TRUE"...), nil
	}
	return best.appendAmong(dst, values)
}

// listed are rows with one of each value that a column has in some; none if they
// cannot stand in a list.
func (c *Column) listed(rows []*change.Row) []*change.Row {
	if !c.Codec.Listed() {
		return nil
	}
	var out []*change.Row
	null, seen := false, make(map[string]bool, len(rows))
	for _, r := range rows {
		raw := r.Value(c.Source)
		switch {
		case len(raw) > longListed:
			return nil
		case raw == nil && null || raw != nil && seen[string(raw)]:
			continue
		case raw == nil:
			null = true
		default:
			seen[string(raw)] = true
		}
		out = append(out, r)
	}
	return out
}

func (c *Column) appendAmong(dst []byte, rows []*change.Row) ([]byte, error) {
	name, null := mysql.Ident(c.Name), false
	dst = append(append(append(dst, '('), name...), " IN ("...)
	sep := ""
	for _, r := range rows {
		raw := r.Value(c.Source)
		if raw == nil {
			null = true
			continue
		}
		var err error
		if dst, err = c.Codec.AppendKey(append(dst, sep...), raw); err != nil {
			return dst, err
		}
		sep = ","
	}
	if sep == "" {
		dst = append(dst, "NULL"...) // equal to none
	}
	dst = append(dst, ')')
	if null {
		dst = append(append(append(dst, " OR "...), name...), " IS NULL"...)
	}
	return append(dst, ')'), nil
}
