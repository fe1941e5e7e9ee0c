package schema_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// elsewhere is what MariaDB's own types become on MySQL.
var elsewhere = map[string]string{"UUID": "CHAR(36) CHARACTER SET ascii", "INET6": "VARCHAR(45)", "INET4": "VARCHAR(15)"}

// TestAcrossFlavours writes every type both servers have from one into the other
// by both paths, and wants to read there what is read at the source.
func TestAcrossFlavours(t *testing.T) {
	for _, pair := range [][2]dbtest.Flavor{{dbtest.MySQL, dbtest.MariaDB}, {dbtest.MariaDB, dbtest.MySQL}, {dbtest.MariaDB118, dbtest.MySQL}} {
		t.Run(fmt.Sprintf("%s to %s", pair[0], pair[1]), func(t *testing.T) {
			src, dst := newPeer(t, pair[0]), newPeer(t, pair[1])
			start := src.mark(t)
			cases := typeCases(pair[0])
			created := make([]bool, len(cases))
			for i, c := range cases {
				if !portable(src, dst, c) {
					continue
				}
				ddl := c.ddl
				if dst.flavor == mysql.MySQL && elsewhere[ddl] != "" {
					ddl = elsewhere[ddl]
				}
				created[i] = true
				fill(t, src, i, typeCase{ddl: c.ddl, values: slices.DeleteFunc(slices.Clone(c.values), foreign)})
				for _, role := range []string{"log", "sel"} {
					index := ""
					if c.index != "" {
						index = ", KEY k (" + c.index + ")"
					}
					dst.exec(t, dst.text, fmt.Sprintf("CREATE TABLE %s (id INT PRIMARY KEY, v %s%s)", tableName(i, role), ddl, index))
				}
			}
			logged := src.inserts(t, start)
			for i, c := range cases {
				if created[i] {
					t.Run(c.name(), func(t *testing.T) { across(t, src, dst, i, c, logged[tableName(i, "src")]) })
				}
			}
		})
	}
}

// foreign are values that MySQL has and MariaDB has not: a negative zero, which
// becomes zero there, and JSON nested deeper than 32.
func foreign(value string) bool { return value == "'-0'" || strings.Contains(value, "REPEAT('[', 99)") }

// portable leaves out what only one of two servers has or takes.
func portable(src, dst *peer, c typeCase) bool {
	switch {
	case strings.HasPrefix(c.ddl, "POINT SRID"), strings.Contains(c.ddl, "gb18030"):
		return false
	case strings.HasPrefix(c.ddl, "VECTOR"):
		return dst.Server.Flavor != dbtest.MariaDB
	case c.ddl == "JSON" && src.flavor == mysql.MariaDB: // MySQL orders and spaces what MariaDB keeps as it was
		return false
	case c.ddl == "POINT": // MySQL does not take a geographic point into one without SRID checks
		return false
	}
	return true
}

func across(t *testing.T, src, dst *peer, i int, tc typeCase, images []image) {
	from, to := src.column(t, tableName(i, "src"), "v"), dst.column(t, tableName(i, "log"), "v")
	c, err := codec(t, images[0], 1, from).For(to)
	if err != nil {
		t.Fatal(err)
	}
	dst.exec(t, dst.raw, "SET sql_mode = '"+schema.LaxMode+"'") // number 0 of an ENUM
	defer dst.exec(t, dst.raw, "SET sql_mode = '"+mysql.SQLMode+"'")
	var values []byte
	for _, im := range images {
		id := int(im.row.Value(0)[0]) | int(im.row.Value(0)[1])<<8
		values = fmt.Appendf(values, "(%d,", id)
		if values, err = c.AppendLiteral(values, im.row.Value(1)); err != nil {
			t.Fatal(err)
		}
		values = append(values, "),"...)
	}
	dst.exec(t, dst.raw, "INSERT INTO "+tableName(i, "log")+" VALUES "+string(values[:len(values)-1]))

	values = values[:0]
	want := selected(t, src, tableName(i, "src"), from)
	sel, err := schema.NewSelected(to)
	if err != nil {
		t.Fatal(err)
	}
	for id, text := range want {
		literal, err := sel.AppendLiteral(nil, text)
		if err != nil {
			t.Fatal(err)
		}
		values = fmt.Appendf(values, "(%d,%s),", id, literal)
	}
	dst.exec(t, dst.raw, "INSERT INTO "+tableName(i, "sel")+" VALUES "+string(values[:len(values)-1]))
	for _, role := range []string{"log", "sel"} {
		got := selected(t, dst, tableName(i, role), to)
		for id, text := range want {
			if string(got[id]) != string(text) || (got[id] == nil) != (text == nil) {
				t.Errorf("%s: row %d holds %s, want %s", role, id, short(got[id]), short(text))
			}
		}
	}
	if tc.index == "" {
		return
	}
	for n, im := range images {
		raw := im.row.Value(1)
		if raw == nil || n > 40 {
			continue
		}
		key, err := c.AppendKey([]byte("v = "), raw)
		if err != nil {
			t.Fatal(err)
		}
		if count(t, dst, tableName(i, "log"), string(key)) == 0 || !usesIndex(t, dst, tableName(i, "log"), string(key)) {
			t.Errorf("%.200s does not find its row by the index", key)
		}
		match, err := c.AppendMatch(nil, "v", raw)
		if err != nil {
			t.Fatal(err)
		}
		if count(t, dst, tableName(i, "log"), string(match)) == 0 {
			t.Errorf("%.200s does not find its row", match)
		}
	}
}

func selected(t *testing.T, p *peer, table string, col *schema.Column) map[int][]byte {
	t.Helper()
	rows, err := p.raw.QueryContext(t.Context(), "SELECT id, "+schema.SelectExpr(col, p.flavor)+" FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[int][]byte{}
	for rows.Next() {
		var id int
		var text sql.RawBytes
		if err := rows.Scan(&id, &text); err != nil {
			t.Fatal(err)
		}
		all[id] = nil
		if text != nil {
			all[id] = append([]byte{}, text...)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
