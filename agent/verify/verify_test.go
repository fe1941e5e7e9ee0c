package verify

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/schema"
)

func TestMain(m *testing.M) {
	code := dbtest.Tests(m).Run()
	if code == 0 {
		if err := goleak.Find(goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// pair is a schema on a source and one on a target; both may be on one server,
// since a comparison does not care.
type pair struct {
	src, dst   *mysql.Conn
	srcDB      *sql.DB
	dstDB      *sql.DB
	from, into string
}

func newPair(t *testing.T, source, target dbtest.Flavor) *pair {
	t.Helper()
	a, b := dbtest.Shared(t, dbtest.Config{Flavor: source}), dbtest.Shared(t, dbtest.Config{Flavor: target})
	p := &pair{srcDB: a.DB(), dstDB: b.DB(), from: a.NewSchema(t), into: b.NewSchema(t)}
	var err error
	if p.src, err = mysql.Dial(t.Context(), a.Endpoint()); err != nil {
		t.Fatal(err)
	}
	if p.dst, err = mysql.Dial(t.Context(), b.Endpoint()); err != nil {
		t.Fatal(err)
	}
	return p
}

// both runs a statement, in which %s is the schema, on both sides.
func (p *pair) both(t *testing.T, q string) {
	t.Helper()
	p.exec(t, p.srcDB, strings.ReplaceAll(q, "%s", p.from))
	p.exec(t, p.dstDB, strings.ReplaceAll(q, "%s", p.into))
}

func (p *pair) target(t *testing.T, q string) {
	t.Helper()
	p.exec(t, p.dstDB, strings.ReplaceAll(q, "%s", p.into))
}

func (p *pair) exec(t *testing.T, db *sql.DB, q string) {
	t.Helper()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), "SET sql_mode='ALLOW_INVALID_DATES', foreign_key_checks=0"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), q); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
}

func (p *pair) table(t *testing.T, name string) Table {
	t.Helper()
	return Table{Source: readTable(t, p.srcDB, p.from, name), Target: readTable(t, p.dstDB, p.into, name)}
}

// readTable reads as much of a definition as a comparison needs.
func readTable(t *testing.T, db *sql.DB, in, name string) *schema.Table {
	t.Helper()
	def := &schema.Table{Schema: in, Name: name}
	rows, err := db.QueryContext(t.Context(), `SELECT COLUMN_NAME, LOWER(DATA_TYPE), IS_NULLABLE = 'YES', COALESCE(CHARACTER_SET_NAME,''), COALESCE(COLLATION_NAME,''), EXTRA
		FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`, in, name)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c schema.Column
		var extra string
		if err := rows.Scan(&c.Name, &c.DataType, &c.Nullable, &c.Charset, &c.Collation, &extra); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(extra, "GENERATED") && !strings.Contains(extra, "DEFAULT_GENERATED") {
			c.Generation = schema.Virtual
		}
		def.Columns = append(def.Columns, c)
	}
	keys, err := db.QueryContext(t.Context(), `SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX`, in, name)
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	primary := schema.Key{Name: "PRIMARY", Unique: true}
	for keys.Next() {
		var part schema.KeyPart
		if err := keys.Scan(&part.Column); err != nil {
			t.Fatal(err)
		}
		primary.Parts = append(primary.Parts, part)
	}
	if len(primary.Parts) > 0 {
		def.Keys = []schema.Key{primary}
	}
	return def
}

// verify compares the tables with nothing in between to drain.
func (p *pair) verify(t *testing.T, cfg Config, names ...string) *run.VerifyReport {
	t.Helper()
	report, err := p.tryVerify(t, cfg, names...)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func (p *pair) tryVerify(t *testing.T, cfg Config, names ...string) (*run.VerifyReport, error) {
	t.Helper()
	var tables []Table
	for _, n := range names {
		tables = append(tables, p.table(t, n))
	}
	return New(cfg, Deps{Source: p.src, Target: p.dst, Drain: func(context.Context) error { return nil }, Log: zerolog.Nop()}).Run(t.Context(), tables)
}

// mutations change one byte, bit or attribute of a value that is easy to miss.
var mutations = []struct {
	column, value, changed string
	only                   dbtest.Flavor // "" is both
}{
	{"TINYINT", "-128", "-127", ""},
	{"BIGINT UNSIGNED", "18446744073709551615", "18446744073709551614", ""},
	{"INT ZEROFILL", "7", "8", ""},
	{"DECIMAL(65,30)", "12345678901234567890123456789012345.000000000000000000000000000001", "12345678901234567890123456789012345.000000000000000000000000000002", ""},
	{"FLOAT", "1.1", "1.1000001", ""},
	{"FLOAT", "16777216", "16777214", ""},
	{"DOUBLE", "0.1", "0.10000000000000002", ""},
	{"DOUBLE", "-2.2250738585072014e-308", "-2.2250738585072019e-308", ""},
	{"DOUBLE", "1.0000000000000002e300", "1.0000000000000004e300", ""},
	{"DOUBLE", "-0e0", "0e0", dbtest.MySQL}, // MariaDB stores no negative zero
	{"BIT(64)", "b'1000000000000000000000000000000000000000000000000000000000000000'", "b'1000000000000000000000000000000000000000000000000000000000000001'", ""},
	{"YEAR", "1901", "1902", ""},
	{"DATE", "'0000-00-00'", "'0000-01-00'", ""},
	{"TIME(6)", "'-838:59:58.000001'", "'-838:59:58.000002'", ""},
	{"DATETIME(6)", "'9999-12-31 23:59:59.999998'", "'9999-12-31 23:59:59.999999'", ""},
	{"TIMESTAMP(6) NULL", "'2038-01-19 03:14:07.000001'", "'2038-01-19 03:14:07.000002'", ""},
	{"CHAR(10)", "'a'", "'A'", ""},
	{"VARCHAR(20) CHARACTER SET utf8mb4", "'e'", "'é'", ""},
	{"VARCHAR(20) CHARACTER SET utf8mb4", "'x'", "'x '", ""},
	{"VARCHAR(20) CHARACTER SET latin1", "X'E9'", "X'E8'", ""},
	{"TEXT CHARACTER SET gbk", "X'815C'", "X'825C'", ""},
	{"BINARY(4)", "X'61000000'", "X'61000001'", ""},
	{"VARBINARY(10)", "X'00'", "X'0000'", ""},
	{"VARBINARY(10)", "''", "X'00'", ""},
	{"VARBINARY(10)", "NULL", "''", ""},
	{"BLOB", "X'FF00FF'", "X'FF01FF'", ""},
	{"LONGTEXT", "REPEAT('x', 200000)", "CONCAT(REPEAT('x', 199999), 'y')", ""},
	{"ENUM('a','b','')", "'a'", "'b'", ""},
	{"ENUM('a','')", "0", "2", ""}, // both print as an empty string
	{"SET('a','b','c')", "'a,c'", "'a'", ""},
	{"SET('" + strings.Join(strings.Split("abcdefghijklmnopqrstuvwxyz0123456789!$%&/()=?*+-_.:;<>|#^~[]{}@§", ""), "','") + "')", "9223372036854775809", "9223372036854775808", ""}, // a double has no such numbers
	{"POINT", "ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POINT(1 3)')", ""},
	{"GEOMETRY", "ST_GeomFromText('POINT(1 2)', 0)", "ST_GeomFromText('POINT(1 2)', 4326)", ""},
	{"JSON", `'{"a": 1.0}'`, `'{"a": 1}'`, dbtest.MySQL},
	{"JSON", `'[null]'`, `NULL`, dbtest.MySQL},
	{"VECTOR(2)", "STRING_TO_VECTOR('[1,2]')", "STRING_TO_VECTOR('[1,3]')", dbtest.MySQL},
	{"UUID", "'00000000-0000-0000-0000-000000000000'", "'00000000-0000-0000-0000-000000000001'", dbtest.MariaDB},
	{"INET6", "'::'", "'::1'", dbtest.MariaDB},
}

// A changed byte in any type is found, with and without a key, also in the last row of
// a range, and named by the key; equal tables are equal.
func TestFindsOneChangedByte(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			p := newPair(t, flavor, flavor)
			var names []string
			for i, m := range mutations {
				if m.only != "" && m.only != flavor {
					continue
				}
				names = append(names, fmt.Sprintf("k%d", i), fmt.Sprintf("n%d", i))
				p.both(t, fmt.Sprintf("CREATE TABLE %%s.k%d (id INT PRIMARY KEY, v %s)", i, m.column))
				p.both(t, fmt.Sprintf("INSERT INTO %%s.k%d VALUES (1, NULL), (2, %s), (3, NULL)", i, m.value))
				p.both(t, fmt.Sprintf("CREATE TABLE %%s.n%d (id INT, v %s)", i, m.column))
				p.both(t, fmt.Sprintf("INSERT INTO %%s.n%d VALUES (1, NULL), (2, %s), (2, %s)", i, m.value, m.value))
			}
			if r := p.verify(t, Config{Threads: 2, ChunkRows: 2}, names...); !r.Equal {
				t.Errorf("equal tables are said to differ: %+v", r.Tables)
			}
			for i, m := range mutations { // an UPDATE to an equal value of other bytes would do nothing
				if m.only != "" && m.only != flavor {
					continue
				}
				p.target(t, fmt.Sprintf("DELETE FROM %%s.k%d WHERE id = 2", i))
				p.target(t, fmt.Sprintf("INSERT INTO %%s.k%d VALUES (2, %s)", i, m.changed))
				p.target(t, fmt.Sprintf("DELETE FROM %%s.n%d WHERE id = 2", i))
				p.target(t, fmt.Sprintf("INSERT INTO %%s.n%d VALUES (2, %s), (2, %s)", i, m.changed, m.changed))
			}
			r := p.verify(t, Config{Threads: 2, ChunkRows: 2}, names...)
			for n, table := range r.Tables {
				i := n / 2 * 2
				var at int
				fmt.Sscanf(names[i][1:], "%d", &at)
				m, got := mutations[at], table.Differing
				if n%2 == 0 && (len(got) != 1 || got[0] != "id=2: changed") || len(got) == 0 {
					t.Errorf("%s: %s -> %s (%s): differing %q", m.column, m.value, m.changed, table.Method, got)
				}
			}
		})
	}
}

// Missing, extra and changed rows are named over many chunks and key types.
func TestNamesDifferingKeys(t *testing.T) {
	p := newPair(t, dbtest.MySQL, dbtest.MySQL)
	p.both(t, "CREATE TABLE %s.c (a VARCHAR(20) COLLATE utf8mb4_0900_ai_ci, b INT, d DATE, v INT, PRIMARY KEY (a, b, d))")
	var rows []string
	for i := range 500 {
		rows = append(rows, fmt.Sprintf("('k%d é', %d, '2020-02-%02d', %d)", i%40, i/40, 1+i%28, i))
	}
	p.both(t, "INSERT INTO %s.c VALUES "+strings.Join(rows, ","))
	if r := p.verify(t, Config{ChunkRows: 37, Threads: 2}, "c"); !r.Equal || r.Tables[0].RowsSource != 500 || r.Tables[0].Chunks < 4 {
		t.Fatalf("equal tables: %+v", r.Tables)
	}
	p.target(t, "DELETE FROM %s.c WHERE v = 77")
	p.target(t, "UPDATE %s.c SET v = -1 WHERE v = 300")
	p.target(t, "INSERT INTO %s.c VALUES ('zz', 1, '2021-01-01', 1)")
	r := p.verify(t, Config{ChunkRows: 37}, "c")
	got := strings.Join(r.Tables[0].Differing, "\n")
	for _, want := range []string{"missing on the target", "changed", "extra on the target"} {
		if !strings.Contains(got, want) {
			t.Errorf("no row %q in\n%s", want, got)
		}
	}
	if len(r.Tables[0].Differing) != 3 {
		t.Errorf("%d rows differ, want 3:\n%s", len(r.Tables[0].Differing), got)
	}
}

// Pairs of equal rows must not cancel (a XOR of hashes would), and columns must
// not run into each other.
func TestMultisetAndSeparators(t *testing.T) {
	p := newPair(t, dbtest.MySQL, dbtest.MariaDB)
	p.both(t, "CREATE TABLE %s.m (v VARCHAR(10), w VARCHAR(10)) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
	p.exec(t, p.srcDB, "INSERT INTO "+p.from+".m VALUES ('A',NULL),('A',NULL)")
	p.exec(t, p.dstDB, "INSERT INTO "+p.into+".m VALUES ('B',NULL),('B',NULL)")
	if p.verify(t, Config{}, "m").Equal {
		t.Error("{A, A} equals {B, B}")
	}
	for _, c := range [][2]string{{"('ab','c')", "('a','bc')"}, {"(NULL,'a')", "('a',NULL)"}, {"('','a')", "(NULL,'a')"}, {"(X'6100',X'62')", "(X'61',X'0062')"}} {
		p.both(t, "DELETE FROM %s.m")
		p.exec(t, p.srcDB, "INSERT INTO "+p.from+".m VALUES "+c[0])
		p.exec(t, p.dstDB, "INSERT INTO "+p.into+".m VALUES "+c[1])
		if p.verify(t, Config{}, "m").Equal {
			t.Errorf("%s equals %s", c[0], c[1])
		}
	}
	p.both(t, "CREATE TABLE %s.n (a INT, b INT)") // of which no lengths are joined
	p.exec(t, p.srcDB, "INSERT INTO "+p.from+".n VALUES (NULL,1)")
	p.exec(t, p.dstDB, "INSERT INTO "+p.into+".n VALUES (1,NULL)")
	if p.verify(t, Config{}, "n").Equal {
		t.Error("(NULL,1) equals (1,NULL)")
	}
}

// TestLookedAtAgain: a target that was read between two changes of the source, of
// which the second takes the first back, is no other one; one that stays as it is
// is.
func TestLookedAtAgain(t *testing.T) {
	nothing := func(context.Context) error { return nil }
	source := func() (int, error) { return 1, nil }
	for want, target := range map[verdict][]int{equal: {2, 2, 1}, different: {2, 2, 2}} {
		_, _, got, err := settle(t.Context(), rangeLooks, nothing, source, func() (int, error) {
			now := target[0]
			target = target[1:]
			return now, nil
		})
		if err != nil || got != want {
			t.Errorf("verdict %d, want %d: %v", got, want, err)
		}
	}
}

// A table that is written while it is compared is equal as long as the target
// follows, and a difference in it is still found.
func TestUnderWrites(t *testing.T) {
	p := newPair(t, dbtest.MySQL, dbtest.MySQL)
	p.both(t, "CREATE TABLE %s.w (id INT PRIMARY KEY, v INT NOT NULL)")
	for i := range 200 {
		p.both(t, fmt.Sprintf("INSERT INTO %%s.w VALUES (%d, 0)", i))
	}
	var mu sync.Mutex // held for a change of both sides: draining takes it
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	source, err := p.srcDB.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	// Draining holds a row's lock while it waits for mu, so that who holds mu must
	// not wait for the lock for long; what the source then refuses is no change.
	if _, err := source.ExecContext(ctx, "SET innodb_lock_wait_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	wg.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			mu.Lock()
			q := fmt.Sprintf(".w SET v = v + 1 WHERE id = %d", i%3)
			if _, err := source.ExecContext(t.Context(), "UPDATE "+p.from+q); err == nil {
				if _, err = p.dstDB.ExecContext(t.Context(), "UPDATE "+p.into+q); err != nil {
					t.Error(err)
				}
			} else if mysql.Number(err) != 1205 {
				t.Error(err)
			}
			mu.Unlock()
		}
	})
	drain := func(context.Context) error { mu.Lock(); defer mu.Unlock(); return nil }
	verify := func() *run.VerifyReport {
		r, err := New(Config{ChunkRows: 50}, Deps{Source: p.src, Target: p.dst, Drain: drain, Log: zerolog.Nop()}).Run(t.Context(), []Table{p.table(t, "w")})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for range 3 {
		if r := verify(); !r.Equal {
			t.Errorf("equal under writes: %+v", r.Tables)
		}
	}
	p.target(t, "UPDATE %s.w SET v = 99 WHERE id = 120")
	if r := verify(); r.Equal || len(r.Tables[0].Differing) != 1 || r.Tables[0].Differing[0] != "id=120: changed" {
		t.Errorf("one changed row under writes: %+v", r.Tables)
	}
	cancel()
	wg.Wait()
}

// A target that is behind by a change whenever it is looked at, until it is
// drained, is equal: it has what the source had at the look before.
func TestTargetBehind(t *testing.T) {
	p := newPair(t, dbtest.MySQL, dbtest.MySQL)
	for name, key := range map[string]string{"b": "id INT PRIMARY KEY", "n": "id INT"} {
		p.both(t, "CREATE TABLE %s."+name+" ("+key+", v INT NOT NULL)")
		p.both(t, "INSERT INTO %s."+name+" VALUES (1, 0), (2, 0)")
		written := 0
		write := func() {
			written++
			p.exec(t, p.srcDB, fmt.Sprintf("UPDATE %s.%s SET v = %d WHERE id = 2", p.from, name, written))
		}
		write()
		drain := func(context.Context) error {
			p.target(t, fmt.Sprintf("UPDATE %%s.%s SET v = %d WHERE id = 2", name, written))
			write()
			return nil
		}
		r, err := New(Config{}, Deps{Source: p.src, Target: p.dst, Drain: drain, Log: zerolog.Nop()}).Run(t.Context(), []Table{p.table(t, name)})
		if err != nil || !r.Equal {
			t.Fatalf("%s: %+v, %v", key, r, err)
		}
		if written == 1 {
			t.Errorf("%s: the target was not drained", key)
		}
	}
}

// TestManyBehind: however many rows of a range were read before their changes had
// come, one that differs behind them is found.
func TestManyBehind(t *testing.T) {
	p := newPair(t, dbtest.MySQL, dbtest.MySQL)
	p.both(t, "CREATE TABLE %s.m (id INT PRIMARY KEY, v INT NOT NULL)")
	rows := []string{"(998, 0)"}
	for i := range 120 {
		rows = append(rows, fmt.Sprintf("(%d, 0)", i))
	}
	p.both(t, "INSERT INTO %s.m VALUES "+strings.Join(rows, ","))
	p.target(t, "UPDATE %s.m SET v = -1 WHERE id = 998")
	written := 0
	drain := func(context.Context) error {
		p.target(t, fmt.Sprintf("UPDATE %%s.m SET v = %d WHERE id < 998", written))
		written++
		p.exec(t, p.srcDB, fmt.Sprintf("UPDATE %s.m SET v = %d WHERE id < 998", p.from, written))
		return nil
	}
	r, err := New(Config{MaxKeys: 1}, Deps{Source: p.src, Target: p.dst, Drain: drain, Log: zerolog.Nop()}).Run(t.Context(), []Table{p.table(t, "m")})
	if err != nil || r.Equal || len(r.Tables[0].Differing) != 1 || r.Tables[0].Differing[0] != "id=998: changed" {
		t.Fatalf("%+v, %v", r, err)
	}
}

// TestNeverStill: a row that changes at every look, and whose target follows in all
// but one column, is found by a look under its lock.
func TestNeverStill(t *testing.T) {
	p := newPair(t, dbtest.MySQL, dbtest.MySQL)
	p.both(t, "CREATE TABLE %s.h (id INT PRIMARY KEY, v INT NOT NULL, w INT NOT NULL)")
	p.both(t, "INSERT INTO %s.h VALUES (1, 0, 0), (2, 0, 0)")
	p.target(t, "UPDATE %s.h SET w = 1 WHERE id = 2")
	source, err := p.srcDB.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	if _, err := source.ExecContext(t.Context(), "SET innodb_lock_wait_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	written, locked := 0, 0
	drain := func(ctx context.Context) error {
		p.target(t, fmt.Sprintf("UPDATE %%s.h SET v = %d", written))
		switch _, err := source.ExecContext(ctx, fmt.Sprintf("UPDATE %s.h SET v = %d", p.from, written+1)); {
		case err == nil:
			written++
		case mysql.Number(err) == 1205:
			locked++
		default:
			return err
		}
		return nil
	}
	r, err := New(Config{}, Deps{Source: p.src, Target: p.dst, Drain: drain, Log: zerolog.Nop()}).Run(t.Context(), []Table{p.table(t, "h")})
	if err != nil || r.Equal || len(r.Tables[0].Differing) != 1 || r.Tables[0].Differing[0] != "id=2: changed" {
		t.Errorf("%+v, %v", r, err)
	}
	if locked == 0 {
		t.Error("the row was not locked")
	}
}

// A table altered or dropped while it is compared is compared as it is then,
// and what differs under its last definition is a difference.
func TestDefinitionsChange(t *testing.T) {
	p := newPair(t, dbtest.MySQL, dbtest.MariaDB)
	p.both(t, "CREATE TABLE %s.altered (id INT PRIMARY KEY, v INT, w INT)")
	p.both(t, "CREATE TABLE %s.worse (id INT PRIMARY KEY, v INT, w INT)")
	p.both(t, "CREATE TABLE %s.dropped (id INT PRIMARY KEY)")
	for _, name := range []string{"altered", "worse"} {
		p.both(t, "INSERT INTO %s."+name+" VALUES (1,1,1),(2,2,2)")
	}
	var before []Table
	for i, name := range []string{"altered", "worse", "dropped"} {
		table := p.table(t, name)
		table.ID = i
		before = append(before, table)
	}
	for _, q := range []string{"ALTER TABLE %s.altered DROP COLUMN w", "ALTER TABLE %s.worse DROP COLUMN w", "DROP TABLE %s.dropped"} {
		p.both(t, q)
	}
	p.target(t, "UPDATE %s.worse SET v=7 WHERE id=2")
	deps := Deps{Source: p.src, Target: p.dst, Drain: func(context.Context) error { return nil }, Log: zerolog.Nop()}
	if _, err := New(Config{}, deps).Run(t.Context(), before); mysql.Number(err) != 1054 && mysql.Number(err) != 1146 {
		t.Fatalf("with old definitions: %v", err)
	}
	deps.Renew = func(_ context.Context, old Table) (Table, bool, error) {
		if old.ID == 2 {
			return old, false, nil
		}
		now := p.table(t, old.Source.Name)
		now.ID = old.ID
		return now, true, nil
	}
	r, err := New(Config{}, deps).Run(t.Context(), before)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Tables) != 2 || len(r.Tables[0].Differing) != 0 || len(r.Tables[1].Differing) != 1 || r.Equal {
		t.Errorf("%+v", r.Tables)
	}
	if r, err := New(Config{}, deps).Run(t.Context(), before[2:]); err == nil {
		t.Errorf("when the only table was dropped: %+v", r)
	}
}

func TestNothingToCompareIsAnError(t *testing.T) {
	if _, err := New(Config{}, Deps{}).Run(t.Context(), nil); err == nil {
		t.Error("comparing nothing passed")
	}
}
