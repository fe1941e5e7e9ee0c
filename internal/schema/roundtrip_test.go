package schema_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

var zones = map[dbtest.Flavor]string{dbtest.MySQL: "Asia/Kolkata", dbtest.MariaDB: "America/St_Johns", dbtest.MariaDB118: "Europe/Berlin"}

// TestEveryTypeEveryPath writes each value by its log image, by its selected
// text and by LOAD DATA, and wants the images that the log then has for these
// rows to be the source's, byte for byte.
func TestEveryTypeEveryPath(t *testing.T) {
	for _, flavor := range dbtest.Flavors {
		t.Run(string(flavor), func(t *testing.T) {
			zone, err := time.LoadLocation(zones[flavor])
			if err != nil {
				t.Fatal(err)
			}
			old := time.Local
			time.Local = zone
			defer func() { time.Local = old }()
			p := newPeer(t, flavor)
			cases := typeCases(flavor)
			start := p.mark(t)
			for i, c := range cases {
				fill(t, p, i, c)
			}
			source := p.inserts(t, start)
			start = p.mark(t)
			for i, c := range cases {
				t.Run(c.name(), func(t *testing.T) { copies(t, p, i, source[tableName(i, "src")]) })
			}
			target := p.inserts(t, start)
			for i, c := range cases {
				t.Run(c.name(), func(t *testing.T) { compareImages(t, p, i, source[tableName(i, "src")], target) })
			}
			for i, c := range cases {
				t.Run(c.name(), func(t *testing.T) { find(t, p, i, c, source[tableName(i, "src")]) })
			}
		})
	}
}

func (c typeCase) name() string { return fmt.Sprintf("%.40s", strings.ReplaceAll(c.ddl, " ", "_")) }

func tableName(i int, role string) string { return fmt.Sprintf("t%d_%s", i, role) }

// fill makes the four tables of a type and the source's rows; the last is NULL.
// Values the server does not take as they are meant (a character that is not in
// the set) are left out.
func fill(t *testing.T, p *peer, i int, c typeCase) {
	t.Helper()
	for _, role := range []string{"src", "log", "sel", "load"} {
		p.exec(t, p.text, fmt.Sprintf("CREATE TABLE %s (id INT PRIMARY KEY AUTO_INCREMENT, v %s)", tableName(i, role), c.ddl))
	}
	stored := 0
	for _, v := range append(c.values, "NULL") {
		if _, err := p.text.ExecContext(t.Context(), fmt.Sprintf("INSERT INTO %s (v) VALUES (%s)", tableName(i, "src"), v)); err == nil {
			stored++
		} else {
			t.Logf("%s: %.60s: %v", c.ddl, v, err)
		}
	}
	if stored < 2 {
		t.Fatalf("%s: no value could be stored", c.ddl)
	}
}

func copies(t *testing.T, p *peer, i int, images []image) {
	col := p.column(t, tableName(i, "src"), "v")
	c := codec(t, images[0], 1, col)
	var logged, selected, lines []byte
	insert := func(role string, values []byte, lax bool) {
		query := "INSERT INTO " + tableName(i, role) + " (id, v) VALUES " + string(values)
		if lax {
			p.exec(t, p.raw, "SET sql_mode = '"+schema.LaxMode+"'")
			defer p.exec(t, p.raw, "SET sql_mode = '"+mysql.SQLMode+"'")
		}
		p.exec(t, p.raw, query)
	}
	for _, im := range images {
		raw := im.row.Value(1)
		literal, err := c.AppendLiteral(nil, raw)
		if err != nil {
			t.Fatal(err)
		}
		row := fmt.Appendf(nil, "(%d,%s)", int(im.row.Value(0)[0])|int(im.row.Value(0)[1])<<8, literal)
		if c.Lax(raw) {
			insert("log", row, true)
			continue
		}
		logged = append(append(logged, row...), ',')
	}
	insert("log", logged[:len(logged)-1], false)

	rows, err := p.raw.QueryContext(t.Context(), "SELECT id, "+schema.SelectExpr(col, p.flavor)+" FROM "+tableName(i, "src")+" ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	sel, err := schema.NewSelected(col)
	if err != nil {
		t.Fatal(err)
	}
	var laxRows [][]byte
	for rows.Next() {
		var id int
		var text sql.RawBytes
		if err := rows.Scan(&id, &text); err != nil {
			t.Fatal(err)
		}
		lines = sel.AppendLoad(fmt.Appendf(lines, "%d\t", id), text)
		lines = append(lines, '\n')
		literal, err := sel.AppendLiteral(nil, text)
		if err != nil {
			t.Fatal(err)
		}
		row := fmt.Appendf(nil, "(%d,%s)", id, literal)
		if sel.Lax(text) {
			laxRows = append(laxRows, row)
			continue
		}
		selected = append(append(selected, row...), ',')
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, row := range laxRows {
		insert("sel", row, true)
	}
	insert("sel", selected[:len(selected)-1], false)
	if schema.Loadable(col) {
		load(t, p, tableName(i, "load"), col, lines, len(laxRows))
	}
}

func load(t *testing.T, p *peer, table string, col *schema.Column, lines []byte, warnings int) {
	t.Helper()
	driver.RegisterReaderHandler(table, func() io.Reader { return bytes.NewReader(lines) })
	defer driver.DeregisterReaderHandler(table)
	list, set := "`v`", ""
	if uses, clause := schema.LoadExpr(col, p.flavor); uses {
		list, set = schema.Variable(col), " SET "+clause
	}
	p.exec(t, p.raw, "LOAD DATA LOCAL INFILE 'Reader::"+table+"' INTO TABLE "+table+
		` CHARACTER SET binary FIELDS TERMINATED BY '\t' ESCAPED BY '\\' LINES TERMINATED BY '\n' (id,`+list+")"+set)
	var got int
	if err := p.raw.QueryRowContext(t.Context(), "SELECT @@warning_count").Scan(&got); err != nil {
		t.Fatal(err)
	}
	if got != warnings {
		rows, _ := p.raw.QueryContext(t.Context(), "SHOW WARNINGS")
		defer rows.Close()
		for rows.Next() {
			var level, code, msg string
			rows.Scan(&level, &code, &msg)
			t.Log(level, code, msg)
		}
		t.Errorf("LOAD DATA gave %d warnings, want %d", got, warnings)
	}
}

func compareImages(t *testing.T, p *peer, i int, source []image, target map[string][]image) {
	col := p.column(t, tableName(i, "src"), "v")
	c := codec(t, source[0], 1, col)
	for _, role := range []string{"log", "sel", "load"} {
		if role == "load" && !schema.Loadable(col) {
			continue
		}
		byID := map[string]image{}
		for _, im := range target[tableName(i, role)] {
			byID[string(im.row.Value(0))] = im
		}
		if len(byID) != len(source) {
			t.Errorf("%s has %d rows, want %d", role, len(byID), len(source))
		}
		for _, im := range source {
			want, other := im.row.Value(1), byID[string(im.row.Value(0))]
			if other.table == nil {
				continue
			}
			if got := other.row.Value(1); !c.Equal(got, want) || (got == nil) != (want == nil) {
				t.Errorf("%s: %s got %s want %s", role, col.Type, short(got), short(want))
				if want != nil && got != nil {
					g, _ := c.AppendText(nil, got)
					w, _ := c.AppendText(nil, want)
					t.Logf("%.300s\nwant %.300s", g, w)
				}
			}
		}
	}
}

// find looks rows up by AppendKey, which must use the index, and by AppendMatch,
// which must find the rows with the same bytes and no others.
func find(t *testing.T, p *peer, i int, tc typeCase, source []image) {
	table := tableName(i, "src")
	col := p.column(t, table, "v")
	c := codec(t, source[0], 1, col)
	if tc.index != "" {
		p.exec(t, p.text, "ALTER TABLE "+table+" ADD KEY k ("+tc.index+")")
	}
	seen := 0
	for _, im := range source {
		raw := im.row.Value(1)
		if seen++; seen > 60 {
			break
		}
		match, err := c.AppendMatch(nil, "`v`", raw)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, other := range source {
			if o := other.row.Value(1); c.Equal(o, raw) {
				want++
			}
		}
		if got := count(t, p, table, string(match)); got != want {
			t.Errorf("%.300s finds %d rows, want %d", match, got, want)
		}
		if tc.index == "" || raw == nil {
			continue
		}
		key, err := c.AppendKey(nil, raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := count(t, p, table, "`v` = "+string(key)); got < want {
			t.Errorf("v = %.300s finds %d rows, want at least %d", key, got, want)
		}
		for _, where := range []string{"`v` = " + string(key), string(match)} {
			if !usesIndex(t, p, table, where) {
				t.Errorf("%.300s does not use the index", where)
			}
		}
	}
}

func count(t *testing.T, p *peer, table, where string) (n int) {
	t.Helper()
	if err := p.raw.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table+" WHERE "+where).Scan(&n); err != nil {
		t.Fatalf("%.300s: %v", where, err)
	}
	return n
}

// usesIndex asks whether index k can find the rows; whether it pays is not the
// question.
func usesIndex(t *testing.T, p *peer, table, where string) bool {
	t.Helper()
	format := ""
	if p.flavor == mysql.MySQL {
		format = "FORMAT=TRADITIONAL "
	}
	rows, err := p.raw.QueryContext(t.Context(), "EXPLAIN "+format+"SELECT * FROM "+table+" FORCE INDEX (k) WHERE "+where)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, _ := rows.Columns()
	values, ptrs := make([]sql.NullString, len(names)), make([]any, len(names))
	for i := range values {
		ptrs[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(ptrs...); err != nil {
			t.Fatal(err)
		}
		for i, name := range names {
			if name == "type" {
				switch values[i].String {
				case "ref", "range", "const", "ref_or_null":
					return true
				}
			}
		}
	}
	return false
}
