package site

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// Equal reads every row of a database on both sides and fails the test for
// every table that differs. It uses nothing of the program.
func Equal(t *testing.T, p Pair, from, to string, except ...string) {
	t.Helper()
	a, b := Tables(t, p.Src, from), Tables(t, p.Dst, to)
	a = slices.DeleteFunc(a, func(name string) bool { return slices.Contains(except, name) })
	if !slices.Equal(a, b) {
		t.Errorf("the source has %v, the target %v", a, b)
	}
	for _, table := range a {
		if !slices.Contains(b, table) {
			continue
		}
		if x, y := digest(t, p.Src, from, table), digest(t, p.Dst, to, table); x != y {
			t.Errorf("%s differs: source %s, target %s%s", table, x, y, firstDifferences(t, p, from, to, table))
		}
	}
}

// Tables lists tables and views by name.
func Tables(t *testing.T, s *dbtest.Server, schema string) []string {
	t.Helper()
	names := Value(t, s, "SELECT GROUP_CONCAT(TABLE_NAME ORDER BY BINARY TABLE_NAME) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '"+schema+"'")
	if names == "NULL" {
		return nil
	}
	return strings.Split(names, ",")
}

// sum is a fingerprint of rows as a multiset.
type sum struct {
	columns string
	rows    uint64
	sum     [4]uint64
}

func (s sum) String() string { return fmt.Sprintf("%d rows %016x (%s)", s.rows, s.sum[0], s.columns) }

func digest(t *testing.T, s *dbtest.Server, schema, table string) sum {
	t.Helper()
	var out sum
	scan(t, s, schema, table, func(columns []string, row []byte) {
		h := sha256.Sum256(row)
		out.rows++
		for i := range out.sum {
			out.sum[i] += binary.LittleEndian.Uint64(h[8*i:])
		}
	}, func(columns []string) { out.columns = strings.Join(columns, ",") })
	return out
}

// scan hands every row over as one text in which NULL is not like any value.
func scan(t *testing.T, s *dbtest.Server, schema, table string, each func(columns []string, row []byte), head func(columns []string)) {
	t.Helper()
	rows, err := s.DB().QueryContext(t.Context(), "SELECT * FROM `"+schema+"`.`"+table+"`")
	if err != nil {
		t.Fatalf("read %s on %s: %v", table, s.Flavor, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	head(columns)
	raw, dest := make([]*string, len(columns)), make([]any, len(columns))
	for i := range raw {
		dest[i] = &raw[i]
	}
	var buf []byte
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		buf = buf[:0]
		for i, v := range raw {
			if v == nil {
				buf = fmt.Appendf(buf, "%s=NULL ", columns[i])
			} else {
				buf = fmt.Appendf(buf, "%s=%q ", columns[i], *v)
			}
		}
		each(columns, buf)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("read %s on %s: %v", table, s.Flavor, err)
	}
}

// firstDifferences names some rows that are on one side only.
func firstDifferences(t *testing.T, p Pair, from, to, table string) string {
	t.Helper()
	count := map[string]int{}
	scan(t, p.Src, from, table, func(_ []string, row []byte) { count[string(row)]++ }, func([]string) {})
	scan(t, p.Dst, to, table, func(_ []string, row []byte) { count[string(row)]-- }, func([]string) {})
	var lines []string
	for row, n := range count {
		if n != 0 {
			lines = append(lines, fmt.Sprintf("\n  %+d on the source: %.300s", n, row))
		}
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[strings.Index(a, ":"):], b[strings.Index(b, ":"):]) })
	more := ""
	if len(lines) > 8 {
		more = fmt.Sprintf("\n  and %d more", len(lines)-8)
	}
	return strings.Join(lines[:min(len(lines), 8)], "") + more
}
