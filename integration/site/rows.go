package site

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// sum is a fingerprint of rows as a multiset.
type sum struct {
	columns string
	rows    uint64
	sum     [4]uint64
}

func (s sum) String() string { return fmt.Sprintf("%d rows %016x (%s)", s.rows, s.sum[0], s.columns) }

// digest reads all rows. A view that cannot be read is the number of its error:
// it has to be as broken on the other side.
func digest(ctx context.Context, s *dbtest.Server, schema, table string) (sum, error) {
	var out sum
	columns, err := scan(ctx, s, schema, table, func(row []byte) {
		h := sha256.Sum256(row)
		out.rows++
		for i := range out.sum {
			out.sum[i] += binary.LittleEndian.Uint64(h[8*i:])
		}
	})
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok && (e.Number == 1356 || e.Number == 1449) {
		return sum{columns: fmt.Sprint("error ", e.Number)}, nil
	}
	out.columns = strings.Join(columns, ",")
	return out, err
}

// column is how one column is read.
type column struct{ name, expression string }

// columnsOf lists a table's columns in order, those that SELECT * hides too.
// Text is read as the bytes it is stored as, since a connection's charset may
// make two values look alike, and enumerations also as their number: an empty
// label is not the value 0.
func columnsOf(ctx context.Context, s *dbtest.Server, schema, table string) ([]column, error) {
	rows, err := s.DB().QueryContext(ctx, "SELECT COLUMN_NAME, DATA_TYPE, CHARACTER_SET_NAME IS NOT NULL FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND BINARY TABLE_NAME = ? ORDER BY ORDINAL_POSITION", schema, table)
	if err != nil {
		return nil, fmt.Errorf("list the columns of %s on %s: %w", table, s.Flavor, err)
	}
	defer rows.Close()
	var out []column
	for rows.Next() {
		var name, kind string
		var text bool
		if err := rows.Scan(&name, &kind, &text); err != nil {
			return nil, err
		}
		c := column{name: name, expression: quoted(name)}
		switch {
		case kind == "enum" || kind == "set":
			c.expression = fmt.Sprintf("CONCAT(CAST(%s AS UNSIGNED), ' ', HEX(%[1]s))", c.expression)
		case text:
			c.expression = "HEX(" + c.expression + ")"
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// scan hands every row over as one text in which NULL is not like any value.
// The statement is prepared: only then do floats come with all their bits.
func scan(ctx context.Context, s *dbtest.Server, schema, table string, each func(row []byte)) ([]string, error) {
	columns, err := columnsOf(ctx, s, schema, table)
	if err != nil {
		return nil, err
	}
	names, list := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		names[i], list[i] = c.name, c.expression
	}
	fail := func(err error) error { return fmt.Errorf("read %s.%s on %s: %w", schema, table, s.Flavor, err) }
	if len(list) == 0 {
		list = []string{"*"} // a broken view has no columns; the server says why
	}
	stmt, err := s.DB().PrepareContext(ctx, "SELECT "+strings.Join(list, ", ")+" FROM "+quoted(schema)+"."+quoted(table))
	if err != nil {
		return names, fail(err)
	}
	defer stmt.Close()
	rows, err := stmt.QueryContext(ctx)
	if err != nil {
		return names, fail(err)
	}
	defer rows.Close()
	values, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	var buf []byte
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return names, fail(err)
		}
		buf = buf[:0]
		for i, v := range values {
			buf = appendValue(fmt.Appendf(buf, "%s=", names[i]), v)
		}
		each(buf)
	}
	if err := rows.Err(); err != nil {
		return names, fail(err)
	}
	return names, nil
}

func appendValue(buf []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(buf, "NULL "...)
	case []byte:
		return fmt.Appendf(buf, "%q ", v)
	case float32:
		return fmt.Appendf(buf, "%v/%08x ", v, math.Float32bits(v))
	case float64:
		return fmt.Appendf(buf, "%v/%016x ", v, math.Float64bits(v))
	default:
		return fmt.Appendf(buf, "%v ", v)
	}
}

// firstDifferences names some rows that are on one side only.
func firstDifferences(ctx context.Context, p Pair, from, to, table string) (string, error) {
	count := map[string]int{}
	if _, err := scan(ctx, p.Src, from, table, func(row []byte) { count[string(row)]++ }); err != nil {
		return "", err
	}
	if _, err := scan(ctx, p.Dst, to, table, func(row []byte) { count[string(row)]-- }); err != nil {
		return "", err
	}
	var lines []string
	for row, n := range count {
		if n != 0 {
			lines = append(lines, fmt.Sprintf("\n  %+d on the source: %.600s", n, row))
		}
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[strings.Index(a, ":"):], b[strings.Index(b, ":"):]) })
	more := ""
	if len(lines) > 8 {
		more = fmt.Sprintf("\n  and %d more", len(lines)-8)
	}
	return strings.Join(lines[:min(len(lines), 8)], "") + more, nil
}
