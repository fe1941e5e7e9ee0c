package site

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// Definitions compares what SHOW CREATE says of a database and all that is in
// it. Both servers are of one flavour, and the database has one name on both.
// The engine may differ, since target tables are InnoDB.
func Definitions(ctx context.Context, p Pair, schema string, except ...string) ([]string, error) {
	a, err := definitions(ctx, p.Src, schema)
	if err != nil {
		return nil, err
	}
	b, err := definitions(ctx, p.Dst, schema)
	if err != nil {
		return nil, err
	}
	for _, name := range except {
		delete(a, name)
	}
	var out []string
	for name, x := range a {
		if y, ok := b[name]; ok && x != y {
			if d := lineDifferences(x, y); d != "" {
				out = append(out, fmt.Sprintf("the definition of %q differs:%s", name, d))
			}
		}
	}
	return out, nil
}

// lineDifferences compares two texts as sets of lines: an index that is made
// later stands elsewhere. The order of columns is seen in the rows.
func lineDifferences(x, y string) string {
	count := map[string]int{}
	for _, line := range strings.Split(x, "\n") {
		count[strings.TrimSuffix(line, ",")]++
	}
	for _, line := range strings.Split(y, "\n") {
		count[strings.TrimSuffix(line, ",")]--
	}
	var out []string
	for line, n := range count {
		if n != 0 {
			out = append(out, fmt.Sprintf("\n  %+d on the source: %s", n, line))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "")
}

// engine is what may differ: engines other than InnoDB, and the options that
// only those have.
var engine = regexp.MustCompile(`\) ENGINE=\w+( ROW_FORMAT=\w+)?| (PAGE_CHECKSUM|TRANSACTIONAL)=\d`)

// definitions maps tables and views to SHOW CREATE's text, the database as "".
func definitions(ctx context.Context, s *dbtest.Server, schema string) (map[string]string, error) {
	out := map[string]string{}
	var err error
	if out[""], err = show(ctx, s, "SHOW CREATE DATABASE "+quoted(schema)); err != nil {
		return nil, err
	}
	names, err := tables(ctx, s, schema)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := show(ctx, s, "SHOW CREATE TABLE "+quoted(schema)+"."+quoted(name))
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(text, "CREATE TABLE") {
			collations, err := collations(ctx, s, schema, name)
			if err != nil {
				return nil, err
			}
			text = spelling.ReplaceAllString(text, "") + collations
		}
		if !strings.Contains(text, ") ENGINE=InnoDB") {
			text = engine.ReplaceAllStringFunc(text, func(found string) string {
				if strings.HasPrefix(found, ")") {
					return ") ENGINE=InnoDB"
				}
				return ""
			})
		}
		out[name] = text
	}
	return out, nil
}

// spelling is what a server writes, or leaves out, by how a column's collation
// came about, while it is the same collation.
var spelling = regexp.MustCompile(` (CHARACTER SET|COLLATE) \w+`)

// collations are those of a table's columns.
func collations(ctx context.Context, s *dbtest.Server, schema, table string) (string, error) {
	rows, err := s.DB().QueryContext(ctx, "SELECT COLUMN_NAME, COLLATION_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND COLLATION_NAME IS NOT NULL ORDER BY ORDINAL_POSITION", schema, table)
	if err != nil {
		return "", fmt.Errorf("read the collations of %s.%s on %s: %w", schema, table, s.Flavor, err)
	}
	defer rows.Close()
	out := ""
	for rows.Next() {
		var column, collation string
		if err := rows.Scan(&column, &collation); err != nil {
			return "", err
		}
		out += "\ncollation of " + column + ": " + collation
	}
	return out, rows.Err()
}

// show reads all that a SHOW CREATE says but the name; for views that is the
// collation of their text too, but not its charset: the text is UTF-8 for us.
func show(ctx context.Context, s *dbtest.Server, query string) (string, error) {
	rows, err := s.DB().QueryContext(ctx, query)
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok && e.Number == 1356 {
		return "a broken view", nil
	}
	if err != nil {
		return "", fmt.Errorf("%s on %s: %w", query, s.Flavor, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return "", err
	}
	var name sql.RawBytes
	values, dest := make([]string, len(columns)-1), []any{&name}
	for i := range values {
		dest = append(dest, &values[i])
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return "", err
		}
	}
	if i := slices.Index(columns, "character_set_client"); i > 0 {
		values[i-1] = ""
	}
	return strings.Join(values, " "), rows.Err()
}
