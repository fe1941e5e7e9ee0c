package sqltext

import (
	"strconv"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// AppendDelete appends the DELETE of one row: by its key, or of n rows that hold
// exactly these bytes where there is none.
func (t *Table) AppendDelete(dst []byte, row change.Row, n int) ([]byte, error) {
	dst = append(dst, "DELETE FROM "...)
	dst = append(dst, t.name...)
	return t.appendWhere(dst, row, n)
}

// AppendUpdate appends the UPDATE of one row from an image to the next.
func (t *Table) AppendUpdate(dst []byte, before, after change.Row) ([]byte, error) {
	dst = append(dst, "UPDATE "...)
	dst = append(dst, t.name...)
	dst = append(dst, " SET "...)
	for i := range t.Columns {
		c := &t.Columns[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, mysql.Ident(c.Name)...)
		dst = append(dst, '=')
		var err error
		if dst, err = c.Codec.AppendLiteral(dst, after.Value(c.Source)); err != nil {
			return dst, t.columnError(c, err)
		}
	}
	return t.appendWhere(dst, before, 1)
}

// AppendSelect appends a SELECT of what the target has in the row's place.
func (t *Table) AppendSelect(dst []byte, row change.Row) ([]byte, error) {
	dst = append(dst, "SELECT "...)
	for i := range t.Columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, mysql.Ident(t.Columns[i].Name)...)
	}
	dst = append(dst, " FROM "...)
	dst = append(dst, t.name...)
	return t.appendWhere(dst, row, 1)
}

func (t *Table) appendWhere(dst []byte, row change.Row, limit int) ([]byte, error) {
	dst = append(dst, " WHERE "...)
	var err error
	if len(t.Key) > 0 {
		dst, err = t.appendEqual(dst, t.Key, row)
	} else {
		dst, err = t.appendMatch(dst, row)
	}
	return strconv.AppendInt(append(dst, " LIMIT "...), int64(limit), 10), err
}

// appendMatch appends the condition that a row holds exactly these bytes.
func (t *Table) appendMatch(dst []byte, row change.Row) ([]byte, error) {
	var err error
	if len(t.Narrow) > 0 { // implied by the match; lets the server use an index
		if dst, err = t.appendEqual(dst, t.Narrow, row); err != nil {
			return dst, err
		}
		dst = append(dst, " AND "...)
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if i > 0 {
			dst = append(dst, " AND "...)
		}
		if dst, err = c.Codec.AppendMatch(dst, mysql.Ident(c.Name), row.Value(c.Source)); err != nil {
			return dst, t.columnError(c, err)
		}
	}
	return dst, nil
}

func (t *Table) appendEqual(dst []byte, columns []Column, row change.Row) ([]byte, error) {
	for i := range columns {
		c := &columns[i]
		if i > 0 {
			dst = append(dst, " AND "...)
		}
		dst = append(dst, mysql.Ident(c.Name)...)
		raw := row.Value(c.Source)
		if raw == nil {
			dst = append(dst, " IS NULL"...)
			continue
		}
		dst = append(dst, '=')
		var err error
		if dst, err = c.Codec.AppendKey(dst, raw); err != nil {
			return dst, t.columnError(c, err)
		}
	}
	return dst, nil
}
