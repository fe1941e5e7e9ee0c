package verify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
)

// Values that the servers compute are compared too: one side may compute them
// otherwise.
func TestGeneratedColumns(t *testing.T) {
	p := newPair(t, dbtest.MySQL, dbtest.MariaDB)
	p.both(t, "CREATE TABLE %s.g (id INT PRIMARY KEY, v VARCHAR(20) CHARACTER SET utf8mb4, w VARCHAR(20) AS (UPPER(v)) VIRTUAL, s INT AS (LENGTH(v)) STORED)")
	p.both(t, "INSERT INTO %s.g (id, v) VALUES (1, 'abc'), (2, 'öß')")
	if r := p.verify(t, Config{}, "g"); !r.Equal {
		t.Fatalf("equal tables: %+v", r.Tables)
	}
	for _, c := range []string{"MODIFY w VARCHAR(20) AS (LOWER(v)) VIRTUAL", "MODIFY w VARCHAR(20) AS (UPPER(v)) VIRTUAL, MODIFY s INT AS (CHAR_LENGTH(v)) STORED"} {
		p.target(t, "ALTER TABLE %s.g "+c)
		if r := p.verify(t, Config{}, "g"); r.Equal || len(r.Tables[0].Differing) == 0 {
			t.Errorf("after %s: %+v", c, r.Tables)
		}
	}
}

// Keys that a collation takes for equal are told apart by their bytes, and so
// are rows when both sides sort their keys differently.
func TestKeysThatCollationsMix(t *testing.T) {
	p := newPair(t, dbtest.MySQL, dbtest.MariaDB)
	fill := func(table, collation string) {
		t.Helper()
		for side, in := range []string{p.from, p.into} {
			db, collate := p.srcDB, collation
			if side == 1 {
				db = p.dstDB
				if collation == "utf8mb4_0900_ai_ci" {
					collate = "utf8mb4_general_ci"
				}
			}
			p.exec(t, db, fmt.Sprintf("CREATE TABLE %s.%s (k VARCHAR(20) COLLATE %s PRIMARY KEY, v INT)", in, table, collate))
			p.exec(t, db, fmt.Sprintf("INSERT INTO %s.%s VALUES ('a',1),('B',2),('ae',3),('az',4),('þ',5),('zz',6),('_',7),('~',8),('ÿ',9),('',10)", in, table))
			for i := range 200 {
				p.exec(t, db, fmt.Sprintf("INSERT INTO %s.%s VALUES ('%c_%d',%d)", in, table, 'A'+rune(i%58), i, i))
			}
		}
	}
	fill("same", "utf8mb4_general_ci")
	fill("other", "utf8mb4_0900_ai_ci")
	for _, table := range []string{"same", "other"} {
		if r := p.verify(t, Config{ChunkRows: 10}, table); !r.Equal {
			t.Fatalf("%s is equal: %+v", table, r.Tables)
		}
		p.target(t, "UPDATE %s."+table+" SET k = 'A' WHERE k = 'a'")
		r := p.verify(t, Config{ChunkRows: 10}, table)
		if r.Equal || len(r.Tables[0].Differing) == 0 {
			t.Errorf("%s: 'a' equals 'A': %+v", table, r.Tables)
		}
	}
}

// Texts of one character set are joined as they are, beside columns of every other
// type, whatever a server makes of the session's own character set there.
func TestTextsBesideOtherTypes(t *testing.T) {
	types := []string{"INT", "DECIMAL(10,3)", "FLOAT", "DOUBLE", "DATETIME(6)", "TIME", "YEAR", "BIT(9)", "ENUM('a','b')", "SET('a','b')", "JSON",
		"CHAR(9)", "TEXT", "LONGTEXT", "BINARY(3)", "VARBINARY(9)", "BLOB", "POINT"}
	own := map[dbtest.Flavor][]string{dbtest.MySQL: {"VECTOR(2)"}, dbtest.MariaDB: {"UUID", "INET4", "INET6"}}
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			p := newPair(t, flavor, flavor)
			for at, text := range []string{"latin1", "ascii", "utf8mb3", "utf8mb4 COLLATE utf8mb4_bin"} {
				var names []string
				for i, typ := range append(types, own[flavor]...) {
					name := fmt.Sprintf("t%d_%d", at, i)
					names = append(names, name)
					p.both(t, "CREATE TABLE %s."+name+" (id INT PRIMARY KEY, a VARCHAR(20), b "+typ+", c VARCHAR(20) NOT NULL) CHARSET "+text)
					p.both(t, "INSERT INTO %s."+name+" VALUES (1, 'x', NULL, 'y'), (2, '', NULL, '')")
					p.target(t, "UPDATE %s."+name+" SET c = 'z' WHERE id = 2")
				}
				for _, table := range p.verify(t, Config{}, names...).Tables {
					if len(table.Differing) != 1 {
						t.Errorf("%s: %+v", text, table)
					}
				}
			}
		})
	}
}

// Rows larger than a server's packet: its functions return NULL for them, with a
// warning. What cannot be compared must not be equal.
func TestSmallPackets(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			p := newPair(t, flavor, flavor)
			for _, key := range []string{"id INT PRIMARY KEY", "id INT"} {
				p.both(t, "CREATE TABLE %s.big ("+key+", v LONGTEXT, w LONGTEXT)")
				p.both(t, "INSERT INTO %s.big VALUES (1, REPEAT('x', 3000000), REPEAT('y', 3000000)), (2, 'x', REPEAT(X'5C', 900000)), (3, '', NULL)")
				p.packets(t, "4194304")
				if r := p.verify(t, Config{}, "big"); !r.Equal {
					t.Errorf("%s: equal rows: %+v", key, r.Tables)
				}
				p.packets(t, "67108864")
				p.target(t, "UPDATE %s.big SET w = CONCAT(LEFT(w, 2999999), 'z') WHERE id = 1")
				p.packets(t, "4194304")
				if r := p.verify(t, Config{}, "big"); r.Equal {
					t.Errorf("%s: a changed byte in a large row is not found", key)
				}
				p.packets(t, "67108864")
				p.both(t, "DROP TABLE %s.big")
			}
		})
	}
}

// A row that is there twice on a target without a key leaves nothing in a XOR:
// the counts say so, or the row it took the place of.
func TestTwinsOnTheTarget(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			p := newPair(t, flavor, flavor)
			p.exec(t, p.srcDB, "CREATE TABLE "+p.from+".t (id INT PRIMARY KEY)")
			p.exec(t, p.srcDB, "INSERT INTO "+p.from+".t VALUES (1),(2),(3),(4)")
			p.target(t, "CREATE TABLE %s.t (id INT, KEY (id))")
			for rows, equal := range map[string]bool{
				"(1),(2),(3),(4)": true, "(1),(2),(3),(4),(4),(4)": false, "(1),(2),(3),(3)": false, "(1),(1),(2),(2)": false, "(1),(2),(3)": false,
				"(1),(2),(3),(4),(5),(5)": false, "(5),(5)": false,
			} {
				p.target(t, "DELETE FROM %s.t")
				p.target(t, "INSERT INTO %s.t VALUES "+rows)
				r := p.verify(t, Config{}, "t")
				if r.Equal != equal || equal != (len(r.Tables[0].Differing) == 0) {
					t.Errorf("(1),(2),(3),(4) and %s: %+v", rows, r)
				}
			}
		})
	}
}

// A row without a text, since that exceeds a packet, is an error and never
// equal, whether all rows of a range have none or some.
func TestRowsWithoutText(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			p := newPair(t, flavor, flavor)
			for _, key := range []string{"id INT PRIMARY KEY", "id INT"} {
				for _, c := range []struct{ kind, wide, narrow string }{
					{"VARCHAR(20000) CHARACTER SET latin1", "REPEAT('x', 20000)", "'y'"},
					{"LINESTRING", "ST_GeomFromText('LINESTRING(0 0" + strings.Repeat(",1 2", 600) + ")')", "ST_GeomFromText('LINESTRING(0 0,1 1)')"},
				} {
					if flavor == dbtest.MySQL && c.kind == "LINESTRING" {
						continue // it prints any number of digits
					}
					p.both(t, "CREATE TABLE %s.line ("+key+", v "+c.kind+")")
					p.both(t, "INSERT INTO %s.line VALUES (1, "+c.wide+")")
					for _, more := range []string{"DELETE FROM %s.line WHERE id > 1", "INSERT INTO %s.line VALUES (2, NULL), (3, " + c.narrow + ")"} {
						p.both(t, more)
						p.packets(t, "16384")
						_, err := p.tryVerify(t, Config{}, "line")
						if e, ok := errors.AsType[*mysql.Error](err); !ok || e.Code != "row-too-wide" {
							t.Errorf("%s, %s, %s: %v", key, c.kind, more, err)
						}
						p.packets(t, "67108864")
					}
					if r := p.verify(t, Config{}, "line"); !r.Equal {
						t.Errorf("%s, %s: equal rows: %+v", key, c.kind, r.Tables)
					}
					p.both(t, "DROP TABLE %s.line")
				}
			}
		})
	}
}

// packets is how large packets of new sessions of both servers may be.
func (p *pair) packets(t *testing.T, size string) {
	t.Helper()
	for _, db := range []*sql.DB{p.srcDB, p.dstDB} {
		t.Cleanup(func() { db.Exec("SET GLOBAL max_allowed_packet = 67108864") }) // the server may be gone
	}
	p.exec(t, p.srcDB, "SET GLOBAL max_allowed_packet = "+size)
	p.exec(t, p.dstDB, "SET GLOBAL max_allowed_packet = "+size)
}

// Sessions of both sides read in one zone and print floats in full, whatever the
// servers' defaults are.
func TestServersDefaultsDiffer(t *testing.T) {
	a, b := dbtest.Start(t, dbtest.Config{}), dbtest.Start(t, dbtest.Config{Flavor: dbtest.MariaDB})
	for _, s := range []struct {
		*dbtest.Server
		set []string
	}{
		{a, []string{"time_zone='+09:00'", "sql_mode='PAD_CHAR_TO_FULL_LENGTH,NO_BACKSLASH_ESCAPES'", "group_concat_max_len=4", "max_execution_time=1", "sql_select_limit=1", "character_set_client=latin1"}},
		{b, []string{"time_zone='-07:00'", "sql_mode='ANSI_QUOTES,PIPES_AS_CONCAT'", "group_concat_max_len=4", "sql_select_limit=2", "div_precision_increment=0"}},
	} {
		for _, q := range s.set {
			if _, err := s.DB().Exec("SET GLOBAL " + q); err != nil {
				t.Fatal(q, err)
			}
		}
	}
	p := &pair{srcDB: a.DB(), dstDB: b.DB(), from: a.NewSchema(t), into: b.NewSchema(t)}
	var err error
	if p.src, err = mysql.Dial(t.Context(), a.Endpoint()); err != nil {
		t.Fatal(err)
	}
	if p.dst, err = mysql.Dial(t.Context(), b.Endpoint()); err != nil {
		t.Fatal(err)
	}
	p.both(t, "CREATE TABLE %s.d (id INT PRIMARY KEY, ts TIMESTAMP(6) NULL, f FLOAT, d DOUBLE, c CHAR(9), b BIT(12), t TEXT)")
	var rows []string
	for i := range 300 {
		rows = append(rows, fmt.Sprintf("(%d, '2024-03-31 %02d:30:00.%06d', %d/3e0, 1/%de0, 'é', %d, 'x')", i, i%24, i, i+1, i+1, i))
	}
	for _, side := range []struct {
		conn *mysql.Conn
		in   string
	}{{p.src, p.from}, {p.dst, p.into}} { // in one zone on both sides
		db, err := side.conn.Open(mysql.Text, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec("INSERT INTO " + side.in + ".d VALUES " + strings.Join(rows, ",")); err != nil {
			t.Fatal(err)
		}
	}
	if r := p.verify(t, Config{ChunkRows: 50}, "d"); !r.Equal || r.Tables[0].RowsSource != 300 {
		t.Errorf("equal rows: %+v", r.Tables)
	}
	p.target(t, "UPDATE %s.d SET ts = ts + INTERVAL 1 MICROSECOND WHERE id = 299")
	if r := p.verify(t, Config{ChunkRows: 50}, "d"); r.Equal {
		t.Error("a microsecond is not seen")
	}
}

// A server may keep rows in different partitions whose keys are equal, where spaces
// count. A range of a single value would leave out those in the others.
func TestEqualApart(t *testing.T) {
	for flavor, collation := range map[dbtest.Flavor]string{dbtest.MySQL: "utf8mb4_0900_ai_ci", dbtest.MariaDB: "utf8mb4_unicode_nopad_ci"} {
		t.Run(string(flavor), func(t *testing.T) {
			p := newPair(t, flavor, flavor)
			p.both(t, "CREATE TABLE %s.t (c CHAR(40) CHARACTER SET utf8mb4 COLLATE "+collation+" NOT NULL, n INT NOT NULL, v INT, PRIMARY KEY (c, n)) PARTITION BY KEY (c) PARTITIONS 3")
			var rows []string
			for n := range 500 {
				rows = append(rows, fmt.Sprintf("('xe',%d,0),('xé',%d,0)", n, n))
			}
			p.both(t, "INSERT INTO %s.t VALUES "+strings.Join(rows, ",")+", ('a',1,0), ('z',1,0)")
			table := p.table(t, "t")
			table.Source.PartedByKey = true
			verify := func() run.VerifyTable {
				r, err := New(Config{ChunkRows: 10}, Deps{Source: p.src, Target: p.dst, Drain: func(context.Context) error { return nil }, Log: zerolog.Nop()}).Run(t.Context(), []Table{table})
				if err != nil {
					t.Fatal(err)
				}
				return r.Tables[0]
			}
			if r := verify(); len(r.Differing) > 0 || r.RowsSource != 1002 || r.Chunks < 2 {
				t.Errorf("equal tables: %+v", r)
			}
			for _, c := range []string{"xe", "xé"} {
				p.target(t, "UPDATE %s.t SET v = 1 WHERE n IN (7, 300) AND HEX(c) = HEX('"+c+"')")
				if r := verify(); len(r.Differing) != 2 {
					t.Errorf("two rows of %s differ: %+v", c, r)
				}
				p.target(t, "UPDATE %s.t SET v = 0 WHERE v = 1")
			}
		})
	}
}
