package site

import (
	"context"
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
	different, err := Differences(t.Context(), p, from, to, except...)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range different {
		t.Error(d)
	}
}

// Differences compares every row of a database: all columns, generated and
// invisible ones too, text by its bytes and floating point by its bits. Each
// table that differs is one sentence.
func Differences(ctx context.Context, p Pair, from, to string, except ...string) ([]string, error) {
	a, err := tables(ctx, p.Src, from)
	if err != nil {
		return nil, err
	}
	b, err := tables(ctx, p.Dst, to)
	if err != nil {
		return nil, err
	}
	var out []string
	a = slices.DeleteFunc(a, func(name string) bool { return slices.Contains(except, name) })
	if !slices.Equal(a, b) {
		out = append(out, fmt.Sprintf("the source has %q, the target %q", a, b))
	}
	for _, table := range a {
		if !slices.Contains(b, table) {
			continue
		}
		d, err := tableDifferences(ctx, p, from, to, table)
		if err != nil {
			return out, err
		}
		if d != "" {
			out = append(out, d)
		}
	}
	return out, nil
}

func tableDifferences(ctx context.Context, p Pair, from, to, table string) (string, error) {
	x, err := digest(ctx, p.Src, from, table)
	if err != nil {
		return "", err
	}
	y, err := digest(ctx, p.Dst, to, table)
	if err != nil || x == y {
		return "", err
	}
	rows, err := firstDifferences(ctx, p, from, to, table)
	return fmt.Sprintf("%s differs: source %s, target %s%s", table, x, y, rows), err
}

// Tables lists tables and views by name.
func Tables(t *testing.T, s *dbtest.Server, schema string) []string {
	t.Helper()
	names, err := tables(t.Context(), s, schema)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func tables(ctx context.Context, s *dbtest.Server, schema string) ([]string, error) {
	names, err := texts(ctx, s, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?", schema)
	slices.Sort(names)
	return names, err
}

// texts reads one column.
func texts(ctx context.Context, s *dbtest.Server, query string, args ...any) ([]string, error) {
	rows, err := s.DB().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s on %s: %w", query, s.Flavor, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// quoted is a name in an SQL text.
func quoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
