package random

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
)

// equal reads a database on both sides and names what differs: which tables
// there are, how they are defined, and their rows as multisets.
func equal(t *testing.T, p site.Pair, targets map[string]string, from string, aside bool) {
	t.Helper()
	to := targets[from]
	a, b := site.Tables(t, p.Src, from), site.Tables(t, p.Dst, to)
	// A view whose table had gone when the run began is left out, by an event.
	a = slices.DeleteFunc(a, func(name string) bool { return strings.HasPrefix(name, "view") && !slices.Contains(b, name) })
	if aside {
		// A view over a table that is not there yet is left out.
		not := func(name string) bool { return !moved(from, name) || strings.HasPrefix(name, "view") }
		a, b = slices.DeleteFunc(a, not), slices.DeleteFunc(b, not)
	}
	if !slices.Equal(a, b) {
		t.Errorf("%s: the source has %q, the target %q", from, a, b)
	}
	for _, name := range a {
		if !slices.Contains(b, name) {
			continue
		}
		x, y := read(t, p.Src, from, name), read(t, p.Dst, to, name)
		if !slices.Equal(x.columns, y.columns) {
			t.Errorf("%s.%s: the columns are %q, on the target %q", from, name, x.columns, y.columns)
			continue
		}
		if d := x.minus(y); len(d) > 0 {
			t.Errorf("%s.%s: %d rows differ of %d and %d; columns %q%s", from, name, len(d), len(x.rows), len(y.rows), x.columns, strings.Join(d[:min(len(d), 6)], ""))
		}
		for database, renamed := range targets { // foreign keys follow
			x.definition = strings.ReplaceAll(x.definition, "REFERENCES `"+database+"`.", "REFERENCES `"+renamed+"`.")
		}
		if aside { // foreign keys to tables that were not moved are left out, and stay it
			x.definition, y.definition = keys.ReplaceAllString(x.definition, ""), keys.ReplaceAllString(y.definition, "")
		}
		if p.Src.Flavor == p.Dst.Flavor && x.definition != y.definition {
			t.Errorf("%s.%s: the source's definition is\n%s\nthe target's\n%s", from, name, x.definition, y.definition)
		}
	}
}

// content is a table as it was read.
type content struct {
	columns    []string
	definition string
	rows       []string // sorted
}

var keys = regexp.MustCompile(`(?m)^ *CONSTRAINT .* FOREIGN KEY .*\n?`)

var counter = regexp.MustCompile(` AUTO_INCREMENT=\d+`)

func read(t *testing.T, s *dbtest.Server, schema, table string) content {
	t.Helper()
	ctx := context.Background()
	fail := func(err error) {
		if err != nil {
			t.Fatalf("read %s.%s on %s: %v", schema, table, s.Flavor, err)
		}
	}
	conn, err := s.DB().Conn(ctx)
	fail(err)
	defer conn.Close()
	var out content
	names, err := conn.QueryContext(ctx, "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION", schema, table)
	fail(err)
	defer names.Close()
	var list []string
	for names.Next() {
		var n string
		fail(names.Scan(&n))
		out.columns, list = append(out.columns, n), append(list, ident(n))
	}
	fail(names.Err())
	row, err := conn.QueryContext(ctx, "SHOW CREATE TABLE "+ident(schema)+"."+ident(table))
	fail(err)
	shown := scan(t, row)[0]
	if len(shown) == 4 { // a view's names its database
		return out
	}
	out.definition = unordered(counter.ReplaceAllString(shown[1].(string), ""))
	_, err = conn.ExecContext(ctx, "SET character_set_results = NULL, time_zone = '+00:00'")
	fail(err)
	defer conn.ExecContext(ctx, "SET character_set_results = utf8mb4") //nolint:errcheck // the pool's other users want text
	stmt, err := conn.PrepareContext(ctx, "SELECT "+strings.Join(list, ", ")+" FROM "+ident(schema)+"."+ident(table))
	fail(err)
	defer stmt.Close()
	rows, err := stmt.QueryContext(ctx) // prepared: numbers come as they are stored
	fail(err)
	for _, r := range scan(t, rows) {
		line := ""
		for _, v := range r {
			line += exact(v) + "|"
		}
		out.rows = append(out.rows, line)
	}
	slices.Sort(out.rows)
	return out
}

// unordered sorts the lines of a definition: indexes that were left for later
// stand behind others, and columns are compared in their order anyway.
func unordered(definition string) string {
	lines := strings.Split(definition, "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], ",")
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func scan(t *testing.T, rows *sql.Rows) [][]any {
	t.Helper()
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out [][]any
	for rows.Next() {
		values, dest := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				values[i] = string(b)
			}
		}
		out = append(out, values)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// exact shows a value so that two differ if any bit of theirs does.
func exact(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case float32:
		return fmt.Sprintf("%08x=%v", math.Float32bits(v), v)
	case float64:
		return fmt.Sprintf("%016x=%v", math.Float64bits(v), v)
	case string:
		if strings.ContainsFunc(v, func(c rune) bool { return c < ' ' || c > '~' || c == '|' }) {
			return fmt.Sprintf("x%x", v)
		}
		return v
	default:
		return fmt.Sprint(v)
	}
}

// minus lists the rows that one side has more often than the other.
func (c content) minus(o content) []string {
	count := map[string]int{}
	for _, r := range c.rows {
		count[r]++
	}
	for _, r := range o.rows {
		count[r]--
	}
	var out []string
	for r, n := range count {
		if n != 0 {
			out = append(out, fmt.Sprintf("\n  %.1500s  (%+d on the source)", r, n))
		}
	}
	slices.Sort(out)
	return out
}
