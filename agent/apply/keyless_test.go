package apply_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// everyType are columns of a table without a key, and values of each.
var everyType = []struct {
	column string
	values []string
}{
	{"INT NULL", []string{"1", "-7", "2147483647"}},
	{"BIGINT UNSIGNED", []string{"0", "18446744073709551615"}},
	{"DECIMAL(20,6)", []string{"0", "-1.5", "99999999999999.999999"}},
	{"FLOAT", []string{"0", "1.5", "16777216", "0.1"}},
	{"DOUBLE", []string{"0", "0.1", "-123456789.25"}},
	{"BIT(9)", []string{"b'0'", "b'101010101'"}},
	{"CHAR(6) CHARACTER SET utf8mb4", []string{"'a'", "'A'", "'é'", "''", "'a\\\\'"}},
	{"VARCHAR(20) CHARACTER SET latin1", []string{"'x'", "'X'", "'x '", "'it''s'"}},
	{"VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", []string{"'ü'", "'u'", "'ü '"}},
	{"TEXT CHARACTER SET utf8mb4", []string{"'short'", "REPEAT('l',300)", "REPEAT('l',9000)"}},
	{"BINARY(4)", []string{"'a'", "'a\\0'", "0xff00"}},
	{"VARBINARY(9)", []string{"''", "0x00", "0x0000", "'\\\\'"}},
	{"BLOB", []string{"0xff", "''", "REPEAT(0xfe,400)"}},
	{"DATE", []string{"'2024-02-29'", "'1000-01-01'"}},
	{"TIME(3)", []string{"'-838:59:58.123'", "'00:00:00'"}},
	{"DATETIME(6)", []string{"'2024-02-29 23:59:59.999999'", "'1000-01-01'"}},
	{"TIMESTAMP(2) NULL", []string{"'2024-10-27 01:30:00'", "'1970-01-02'"}},
	{"YEAR", []string{"1901", "2155", "0"}},
	{"ENUM('a','b','c')", []string{"'a'", "'c'"}},
	{"SET('a','b','c')", []string{"''", "'a,c'"}},
	{"JSON", []string{"'{\"a\": [1, 2]}'", "'[]'", "'\"x\"'"}},
	{"POINT", []string{"ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POINT(1 3)')"}},
}

// makeKeyless makes two tables for each type, of which one has an index on a column
// that tells little.
func (p *pair) makeKeyless() {
	for i, c := range everyType {
		for index, with := range map[string]string{"plain": "", "indexed": ", KEY k (n)"} {
			p.exec(fmt.Sprintf("CREATE TABLE %s%d (c %s, n TINYINT%s)", index, i, c.column, with))
		}
	}
}

// changeKeyless adds rows, equal ones among them, and changes many at once.
func (p *pair) changeKeyless(rng *rand.Rand, table string, values []string) {
	some := func() string { return values[rng.IntN(len(values))] }
	var rows []string
	for range 40 {
		rows = append(rows, fmt.Sprintf("(%s,%d)", some(), rng.IntN(4)))
	}
	p.exec(fmt.Sprintf("INSERT INTO %s VALUES %s", table, strings.Join(rows, ",")))
	for range 3 {
		p.exec(fmt.Sprintf("UPDATE %s SET n = n + 1 WHERE n = %d LIMIT 15", table, rng.IntN(5)),
			fmt.Sprintf("UPDATE %s SET c = %s WHERE n = %d LIMIT 6", table, some(), rng.IntN(5)),
			fmt.Sprintf("DELETE FROM %s WHERE n = %d LIMIT 7", table, rng.IntN(5)))
	}
}

// TestKeyless changes many rows of tables without a key by one statement, of every
// type: what a CASE finds is what the source changed, without going back to row by
// row.
func TestKeyless(t *testing.T) {
	pairs(t, func(t *testing.T, p *pair) {
		rng := rand.New(rand.NewPCG(5, 6))
		p.makeKeyless()
		p.begin()
		tg := p.newTarget(2)
		for range 3 {
			for i, c := range everyType {
				values := append([]string{"NULL"}, c.values...)
				p.changeKeyless(rng, fmt.Sprint("plain", i), values)
				p.changeKeyless(rng, fmt.Sprint("indexed", i), values)
			}
			tg.mustReplay()
			tg.compare()
		}
		if strings.Contains(tg.log.String(), "row by row") {
			t.Errorf("%.2000s", tg.log.String())
		}
	})
}

// TestKeylessScans changes every row of a table without a key and an index: the
// target reads the table a few times, not once per row.
func TestKeylessScans(t *testing.T) {
	const rows = 6000
	for _, to := range []dbtest.Config{{Flavor: dbtest.MySQL, ServerID: 9023}, {Flavor: dbtest.MariaDB, ServerID: 9023}} {
		from := mariaServer
		if to.Flavor == dbtest.MySQL {
			from = mysqlServer
		}
		t.Run(string(to.Flavor), func(t *testing.T) {
			p := newPair(t, from, to)
			p.exec("CREATE TABLE bare (a INT, b VARCHAR(30))")
			p.begin()
			tg := p.newTarget(2)
			p.exec("INSERT INTO bare WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 1000) SELECT n, CONCAT('row ', n) FROM s")
			for range 5 {
				p.exec("INSERT INTO bare SELECT a + (SELECT MAX(a) FROM bare), b FROM bare WHERE a <= 1000")
			}
			tg.mustReplay()
			before := tg.readNext()
			p.exec("UPDATE bare SET b = CONCAT(b, '!')", "DELETE FROM bare WHERE a % 2 = 0")
			tg.mustReplay()
			tg.compare()
			if scans := float64(tg.readNext()-before) / rows; scans > 30 {
				t.Errorf("the target read a table of %d rows %.1f times for %d changes", rows, scans, rows*3/2)
			}
		})
	}
}

// readNext is how many rows the target has read by scans.
func (t *target) readNext() (n int) {
	t.t.Helper()
	var name string
	if err := t.to.DB().QueryRow("SHOW GLOBAL STATUS LIKE 'Handler_read_rnd_next'").Scan(&name, &n); err != nil {
		t.t.Fatal(err)
	}
	return n
}

// A row of a table without a key that the target has not is told by name, also
// where another that goes is there twice; and what a pipeline says of such rows
// holds for the change it was, not for a delete and an insert.
func TestKeylessConflict(t *testing.T) {
	for _, policy := range []spec.Conflict{spec.ConflictFail, spec.ConflictIgnore, spec.ConflictOverwrite} {
		t.Run(string(policy), func(t *testing.T) {
			p := newPair(t, mysqlServer, targetMySQL)
			p.exec("CREATE TABLE bare (a INT, b INT)")
			p.begin()
			tg := p.newTarget(1)
			tg.cfg.OnConflict = policy
			p.exec("INSERT INTO bare VALUES (1,0),(2,0),(3,0),(4,0),(5,0),(6,0)")
			tg.mustReplay()
			tg.sql("DELETE FROM bare WHERE a = 3", "INSERT INTO bare VALUES (2,0)")
			p.exec("UPDATE bare SET b = 1 WHERE a < 6")
			err := tg.replayErr()
			got := strings.Join(dump(t, tg.to, tg.schema, "bare"), " ")
			want := map[spec.Conflict]string{
				spec.ConflictFail:      "1|0 2|0 2|0 4|0 5|0 6|0",
				spec.ConflictIgnore:    "1|1 2|0 2|1 4|1 5|1 6|0",
				spec.ConflictOverwrite: "1|1 2|0 2|1 3|1 4|1 5|1 6|0",
			}[policy]
			if got != want {
				t.Errorf("the target has %s, not %s", got, want)
			}
			if policy != spec.ConflictFail {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if e, ok := errors.AsType[*mysql.Error](err); !ok || e.Code != "conflict" || !strings.Contains(err.Error(), "a=3, b=0") {
				t.Errorf("told as %v", err)
			}
		})
	}
}

// Of a target's own column of a table without a key nothing is lost.
func TestKeylessOwnColumn(t *testing.T) {
	p := newPair(t, mysqlServer, targetMySQL)
	p.exec("CREATE TABLE bare (a INT, b INT)")
	p.begin()
	tg := p.newTarget(1)
	tg.sql("ALTER TABLE bare ADD COLUMN own INT DEFAULT 7")
	p.exec("INSERT INTO bare VALUES (1,0),(2,0),(3,0),(4,0),(5,0)")
	tg.mustReplay()
	tg.sql("UPDATE bare SET own = a")
	p.exec("UPDATE bare SET b = 1")
	tg.mustReplay()
	if got := strings.Join(dump(t, tg.to, tg.schema, "bare"), " "); got != "1|1|1 2|1|2 3|1|3 4|1|4 5|1|5" {
		t.Errorf("the target has %s", got)
	}
}
