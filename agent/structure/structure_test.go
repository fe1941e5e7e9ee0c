package structure

import (
	"database/sql"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
	"github.com/tidegate-io/tidegate/internal/spec"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Tests(m).Run()) }

// pair is a source and a target server with a carrier between them.
type pair struct {
	*Carrier
	admin    *sql.DB // on the source, for exec
	src, dst *sql.DB
	conn     *sql.Conn // on the target
	schema   string    // on the source; the target has it with "_to" behind
}

var pairs = map[string][2]dbtest.Flavor{
	"mysql":            {dbtest.MySQL, dbtest.MySQL},
	"mariadb":          {dbtest.MariaDB, dbtest.MariaDB},
	"mariadb to mysql": {dbtest.MariaDB, dbtest.MySQL},
	"mysql to mariadb": {dbtest.MySQL, dbtest.MariaDB},
}

func newPair(t *testing.T, flavors [2]dbtest.Flavor) *pair {
	t.Helper()
	src := dbtest.Shared(t, dbtest.Config{Flavor: flavors[0]})
	dst := dbtest.Shared(t, dbtest.Config{Flavor: flavors[1], ServerID: 77})
	p := &pair{admin: src.DB(), schema: src.NewSchema(t)}
	ctx := t.Context()
	open := func(s *dbtest.Server) (*sql.DB, *mysql.Server) {
		c, err := mysql.Dial(ctx, s.Endpoint())
		if err != nil {
			t.Fatal(err)
		}
		db, err := c.Open(mysql.Text, 8, mysql.Several())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db, c.Server
	}
	var source, target *mysql.Server
	p.src, source = open(src)
	p.dst, target = open(dst)
	var err error
	if p.conn, err = p.dst.Conn(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.conn.Close()
		p.dst.Exec("DROP DATABASE IF EXISTS " + mysql.Ident(p.schema+"_to"))
	})
	facts, err := ReadFacts(ctx, p.dst, target)
	if err != nil {
		t.Fatal(err)
	}
	sel := NewSelection(spec.Objects{Databases: []spec.Database{{Name: p.schema, Rename: p.schema + "_to", Tables: []string{"*"}, Except: []string{"unselected*"}, Views: true}}}, source, target)
	p.Carrier = &Carrier{Selection: sel, Source: source, Target: target, Facts: facts}
	return p
}

// exec runs statements on the source in its schema.
func (p *pair) exec(t *testing.T, stmts ...string) {
	t.Helper()
	inSchema(t, p.admin, p.schema, append([]string{"SET NAMES utf8mb4, SESSION foreign_key_checks=0, innodb_strict_mode=0"}, stmts...))
}

func inSchema(t *testing.T, db *sql.DB, schema string, stmts []string) {
	t.Helper()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, q := range append([]string{"USE " + mysql.Ident(schema)}, stmts...) {
		if _, err := conn.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

func (p *pair) read(t *testing.T) *Model {
	t.Helper()
	m, err := Read(t.Context(), p.src, p.Source, p.Selection)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// plain is a definition without what may differ: the next number, the names of
// schemas, and of another flavour what it does not have.
func plain(create string) string {
	create = strings.Replace(withoutAutoIncrement(create), " /*!50100 TABLESPACE `innodb_file_per_table` */", "", 1)
	return regexp.MustCompile("`t\\d+_[a-z0-9_]+`\\.").ReplaceAllString(create, "")
}

// common are definitions that all flavours take.
var common = []string{
	"CREATE TABLE ints (a TINYINT UNSIGNED ZEROFILL, b SMALLINT NOT NULL DEFAULT -3, c MEDIUMINT UNSIGNED, d INT AUTO_INCREMENT, e BIGINT UNSIGNED DEFAULT 18446744073709551615, f BIT(9) DEFAULT b'101', g DECIMAL(65,30), h FLOAT, i DOUBLE(10,3), j BOOLEAN, PRIMARY KEY (d DESC, b), KEY k (c, e DESC)) AUTO_INCREMENT=77",
	"CREATE TABLE texts (id INT PRIMARY KEY, a CHAR(10) CHARACTER SET latin1 NOT NULL DEFAULT '', b VARCHAR(200) COLLATE utf8mb4_unicode_ci DEFAULT 'it''s \\\\ \"q\" \\0 %_ é日本', c TEXT CHARACTER SET utf8mb3, d LONGTEXT COLLATE utf8mb4_bin, e BINARY(4) DEFAULT 'ab', f VARBINARY(9), g BLOB, h ENUM('a','b''c','d\\\\e','','é') CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT 'b''c', i SET('x','y') COLLATE utf8mb4_general_ci, UNIQUE KEY u (b(20), a), KEY pre (c(5), g(7)), FULLTEXT KEY ft (c)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='table''s \\\\ \"comment\" ; -- /* no */'",
	"CREATE TABLE times (id INT PRIMARY KEY COMMENT 'a `quoted` ''one'' \\\\ with, commas (and) parens', a DATE DEFAULT '2020-01-01', b DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), c TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, d TIMESTAMP NULL, e TIME(3) DEFAULT '-12:30:00.5', f YEAR DEFAULT 2001, g TIMESTAMP NULL DEFAULT NULL)",
	"CREATE TABLE gen (id INT PRIMARY KEY, a INT, b INT GENERATED ALWAYS AS (a * 2) STORED, c VARCHAR(20) GENERATED ALWAYS AS (concat('x,)''', a)) VIRTUAL, KEY kc (c), UNIQUE KEY kb (b))",
	"CREATE TABLE checks (id INT PRIMARY KEY, a INT CHECK (a > 0), CONSTRAINT named CHECK (a < 100 AND id <> 7))",
	"CREATE TABLE parent (id INT PRIMARY KEY, code VARCHAR(10) COLLATE utf8mb4_general_ci NOT NULL, UNIQUE KEY (code), KEY plain (code, id))",
	"CREATE TABLE child (id INT PRIMARY KEY, pid INT, code VARCHAR(10) COLLATE utf8mb4_general_ci, z INT, KEY k_pid (pid), KEY other (z), CONSTRAINT fk1 FOREIGN KEY (pid) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE SET NULL, CONSTRAINT fk2 FOREIGN KEY (code) REFERENCES parent (code))",
	"CREATE TABLE `odd ``name`` ü.日 (x)` (`sel``ect` INT PRIMARY KEY, `from` INT, `a,b` INT, KEY `k(1)` (`from`,`a,b`))",
	"CREATE TABLE parts (id INT NOT NULL, d INT NOT NULL, PRIMARY KEY (id, d)) PARTITION BY RANGE (d) (PARTITION p0 VALUES LESS THAN (10) COMMENT = 'first', PARTITION p1 VALUES LESS THAN MAXVALUE)",
	"CREATE TABLE hashed (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3",
	"CREATE TABLE listed (id INT NOT NULL) PARTITION BY LIST (id) (PARTITION a VALUES IN (1,2), PARTITION b VALUES IN (3))",
	"CREATE TABLE sub (id INT NOT NULL, d DATE NOT NULL) PARTITION BY RANGE (year(d)) SUBPARTITION BY HASH (id) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN MAXVALUE)",
	"CREATE TABLE formats (id INT PRIMARY KEY, a TEXT) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8 STATS_PERSISTENT=1",
	"CREATE TABLE keyless (a INT, b INT, KEY (a))",
	"CREATE TABLE geo (id INT PRIMARY KEY, p POINT NOT NULL, g GEOMETRY, SPATIAL KEY sp (p))",
	"CREATE TABLE latin (id INT PRIMARY KEY, a VARCHAR(10), b VARCHAR(10) COLLATE latin1_bin) DEFAULT CHARSET=latin1",
	"CREATE TABLE `unselected1` (id INT PRIMARY KEY)",
	"CREATE VIEW v2 AS SELECT p.id, c.z FROM parent p JOIN child c ON c.pid = p.id WHERE p.code <> 'from parent' AND EXISTS (SELECT 1 FROM keyless k WHERE k.a = p.id)",
	"CREATE VIEW a_first AS SELECT v2.id, v2.z + 1 AS z FROM v2",
	"CREATE VIEW broken AS SELECT id FROM parent",
}

var mysqlOnly = []string{
	"CREATE TABLE my (id INT PRIMARY KEY, j JSON DEFAULT (JSON_OBJECT('a', 'x')), inv INT INVISIBLE, u CHAR(36) DEFAULT (UUID()), p POINT SRID 4326 NOT NULL, v VECTOR(3), f INT COLUMN_FORMAT DYNAMIC, KEY fn ((a_lower(id))), KEY invk (inv) INVISIBLE, CHECK (id > 0) NOT ENFORCED)",
	"CREATE TABLE fn (id INT PRIMARY KEY, a VARCHAR(20), UNIQUE KEY f ((lower(a))), KEY mv ((CAST(a->'$' AS UNSIGNED ARRAY))))",
	"CREATE TABLE coll (a VARCHAR(10) COLLATE utf8mb4_0900_as_cs PRIMARY KEY, b VARCHAR(10) COLLATE utf8mb4_de_pb_0900_ai_ci, c VARCHAR(9) COLLATE utf8mb4_0900_bin)",
	"SET sql_generate_invisible_primary_key=1", "CREATE TABLE gipk (a INT)", "SET sql_generate_invisible_primary_key=0",
	"CREATE TABLE ts (id INT PRIMARY KEY) TABLESPACE innodb_file_per_table ENCRYPTION='N'",
	"CREATE TABLE isam (id INT PRIMARY KEY, a CHAR(3)) ENGINE=MyISAM ROW_FORMAT=FIXED CHECKSUM=1",
}

var mariaOnly = []string{
	"CREATE TABLE ends (id INT PRIMARY KEY, b INT NOT NULL, KEY b (b))", // the foreign key needs b with the primary key behind it
	"CREATE TABLE ends_child (id INT PRIMARY KEY, b INT, e INT, KEY (b, e), CONSTRAINT fke FOREIGN KEY (b, e) REFERENCES ends (b, id))",
	"CREATE TABLE ma (id INT PRIMARY KEY, j JSON, u UUID DEFAULT uuid(), i4 INT, i6 INET6, t TEXT DEFAULT 'abc', y DATE DEFAULT curdate(), x INT DEFAULT (1 + 2), inv INT INVISIBLE, KEY ig (x) IGNORED)",
	"CREATE TABLE ver (id INT PRIMARY KEY, a INT) WITH SYSTEM VERSIONING",
	"CREATE TABLE ver2 (id INT PRIMARY KEY, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START, e TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING",
	"CREATE TABLE overlaps (id INT, s DATE, e DATE, PERIOD FOR p (s, e), UNIQUE KEY u (id, p WITHOUT OVERLAPS))",
	"CREATE TABLE longu (t TEXT, UNIQUE KEY (t))",
	"CREATE TABLE coll (a VARCHAR(10) COLLATE utf8mb4_uca1400_as_cs PRIMARY KEY, b VARCHAR(10) COLLATE utf8mb4_uca1400_german2_ai_ci)",
	"CREATE TABLE aria (id INT PRIMARY KEY, a CHAR(3)) ENGINE=Aria PAGE_CHECKSUM=1 TRANSACTIONAL=1",
}

func sameFlavor(f dbtest.Flavor) []string {
	if f == dbtest.MariaDB {
		return append(append([]string{}, common...), mariaOnly...)
	}
	var out []string
	for _, q := range append(append([]string{}, common...), mysqlOnly...) {
		q = strings.Replace(q, " KEY fn ((a_lower(id))),", "", 1)
		q = strings.Replace(q, ", KEY mv ((CAST(a->'$' AS UNSIGNED ARRAY)))", "", 1)
		out = append(out, q)
	}
	return out
}

// Every definition arrives as it is, indexes that were left out included.
func TestCreateAllWithinOneFlavor(t *testing.T) {
	for _, name := range []string{"mysql", "mariadb"} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, pairs[name])
			for _, q := range sameFlavor(pairs[name][0]) {
				if !strings.Contains(q, "VERSIONING") && !strings.HasPrefix(q, "CREATE TABLE longu ") {
					p.exec(t, q)
				}
			}
			p.exec(t, "CREATE TABLE gone (id INT PRIMARY KEY)", "CREATE OR REPLACE VIEW broken AS SELECT id FROM gone", "DROP TABLE gone")
			p.DeferIndexes = true
			m := p.read(t)
			made := createAll(t, p, m)
			left := 0
			for _, c := range made.Tables {
				left += len(c.LeftOut)
				if c.Source.Name == "keyless" && len(c.LeftOut) > 0 || c.Source.Name == "child" && len(c.LeftOut) != 1 {
					t.Errorf("%s: left out %q", c.Source, c.LeftOut)
				}
			}
			if left < 5 {
				t.Errorf("%d indexes are left out, wanted more", left)
			}
			made = createAll(t, p, m) // again, as after a crash
			buildLeftOut(t, p, made)
			compareAll(t, p, m)
			for _, f := range made.Findings {
				t.Log(f)
			}
			target := p.schema + "_to"
			if _, err := p.dst.Exec("SELECT * FROM " + mysql.Table(target, "a_first")); err != nil {
				t.Errorf("view on a view: %v", err)
			}
			if again := p.read(t); again.Fingerprint() != m.Fingerprint() {
				t.Errorf("two readings differ: %v", again.Compare(m))
			}
			checkDepths(t, p, m)
			p.exec(t, "ALTER TABLE parent ADD x INT", "DROP TABLE hashed", "CREATE TABLE fresh (id INT PRIMARY KEY)")
			later := p.read(t)
			want := []string{"table " + p.schema + ".fresh appeared", "table " + p.schema + ".hashed vanished", "table " + p.schema + ".parent changed"}
			if diff := cmp.Diff(want, later.Compare(m)); diff != "" {
				t.Error(diff)
			}
			creator := &Creator{Carrier: p.Carrier, OnExists: "fail", Definer: "keep"}
			if err := creator.DropLeft(t.Context(), p.conn, later, creator.Targets(m)); err != nil {
				t.Fatal(err)
			}
			made, err := creator.Create(t.Context(), p.conn, later)
			if err != nil {
				t.Fatal(err)
			}
			buildLeftOut(t, p, made)
			compareAll(t, p, later)
			if there, _ := Exists(t.Context(), p.dst, schema.ID{Schema: target, Name: "hashed"}); there {
				t.Error("the vanished table is still on the target")
			}
		})
	}
}

// checkDepths compares the parts that can be read with the whole: of them an
// outline has the same texts and foreign keys, and columns the same columns and
// keys.
func checkDepths(t *testing.T, p *pair, whole *Model) {
	t.Helper()
	read := func(depth Depth) *Model {
		m, err := ReadTo(t.Context(), depth, p.src, p.Source, p.Selection)
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Tables) != len(whole.Tables) {
			t.Fatalf("depth %d has %d tables, not %d", depth, len(m.Tables), len(whole.Tables))
		}
		return m
	}
	outline, columns := read(Outline), read(Columns)
	if diff := outline.Compare(whole); len(diff) > 0 {
		t.Errorf("an outline differs: %v", diff)
	}
	for i, w := range whole.Tables {
		want := w.Definition
		if diff := cmp.Diff(want.ForeignKeys, outline.Tables[i].Definition.ForeignKeys); diff != "" {
			t.Errorf("an outline's foreign keys of %s: %s", want.ID(), diff)
		}
		got := *columns.Tables[i].Definition
		got.ForeignKeys = want.ForeignKeys
		if diff := cmp.Diff(*want, got); diff != "" {
			t.Errorf("columns of %s: %s", want.ID(), diff)
		}
	}
}

// Tables that were dropped since they were listed are taken out, wherever they stand
// among those that are asked for together.
func TestTextsOfGoneTables(t *testing.T) {
	for _, name := range []string{"mysql", "mariadb"} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, pairs[name])
			for n := range 2*shown + 3 {
				p.exec(t, fmt.Sprintf("CREATE TABLE t%02d (id INT PRIMARY KEY, c%d INT)", n, n))
			}
			m := &Model{Server: p.Source}
			if err := m.list(t.Context(), p.src, p.Selection, "TABLE_SCHEMA = "+mysql.String(p.schema), Outline); err != nil {
				t.Fatal(err)
			}
			gone := []int{0, 4, 5, shown - 1, shown, 2*shown + 2}
			for _, n := range gone {
				p.exec(t, fmt.Sprintf("DROP TABLE t%02d", n))
			}
			if err := m.showAll(t.Context(), p.src); err != nil {
				t.Fatal(err)
			}
			if want := 2*shown + 3 - len(gone); len(m.Tables) != want {
				t.Errorf("%d tables are left, not %d", len(m.Tables), want)
			}
			for _, table := range m.Tables {
				n, err := strconv.Atoi(table.ID().Name[1:])
				if err != nil || slices.Contains(gone, n) || !strings.Contains(table.Create, fmt.Sprintf("`c%d` int", n)) {
					t.Errorf("%s has the text %q", table.ID(), table.Create)
				}
			}
		})
	}
}

// What the log of a MariaDB cannot be read for is refused for a MariaDB too.
func TestRefusedWithinMariaDB(t *testing.T) {
	p := newPair(t, pairs["mariadb"])
	p.exec(t, "CREATE TABLE zip (id INT PRIMARY KEY, a TEXT COMPRESSED)", "CREATE TABLE ver (id INT PRIMARY KEY) WITH SYSTEM VERSIONING",
		"CREATE TABLE longu (t TEXT, UNIQUE KEY (t))", "CREATE TABLE label (e ENUM('a','😀'))", "CREATE TABLE good (t TEXT, e ENUM('?') CHARACTER SET latin1, UNIQUE KEY (t(9)))")
	findings, err := p.Unsupported(p.read(t))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range findings {
		if f.Fatal && f.Remedy != "" {
			got = append(got, strings.TrimPrefix(f.Object, p.schema+"."))
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"label", "ver", "zip"}, got); diff != "" {
		t.Error(diff)
	}
}

func createAll(t *testing.T, p *pair, m *Model) *Made {
	t.Helper()
	made, err := (&Creator{Carrier: p.Carrier, OnExists: "fail", Definer: "keep"}).Create(t.Context(), p.conn, m)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func buildLeftOut(t *testing.T, p *pair, made *Made) {
	t.Helper()
	for _, c := range made.Tables {
		missing, err := Missing(t.Context(), p.conn, p.Target, c.Target, c.LeftOut)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range groupIndexes(missing) {
			if _, err := p.conn.ExecContext(t.Context(), "ALTER TABLE "+quoteID(c.Target)+" "+join(g)); err != nil {
				t.Fatalf("%v: %v", g, err)
			}
		}
	}
}

// lines sorts a definition's lines: indexes made later stand elsewhere.
func lines(create string) map[string]int {
	out := map[string]int{}
	for _, l := range strings.Split(plain(create), "\n") {
		out[strings.TrimSuffix(l, ",")]++
	}
	return out
}

func compareAll(t *testing.T, p *pair, m *Model) {
	t.Helper()
	for _, src := range m.Tables {
		target, _ := p.Selection.target(src.ID())
		dst, err := ReadTable(t.Context(), p.dst, p.Target, target)
		if err != nil {
			t.Error(err)
			continue
		}
		want := src.Create
		if src.Definition.Engine != "InnoDB" {
			continue
		}
		if diff := cmp.Diff(lines(want), lines(dst.Create)); diff != "" {
			t.Errorf("%s differs (-source +target):\n%s", src.ID(), diff)
		}
		dst.Definition.Schema, dst.Definition.Name = src.Definition.Schema, src.Definition.Name
		for i := range dst.Definition.ForeignKeys {
			dst.Definition.ForeignKeys[i].ParentSchema = src.Definition.Schema
		}
		if diff := cmp.Diff(src.Definition, dst.Definition); diff != "" {
			t.Errorf("%s is described differently (-source +target):\n%s", src.ID(), diff)
		}
	}
}

// Between flavours all that both know arrives, with the same columns; what
// cannot is named.
func TestCreateAllBetweenFlavors(t *testing.T) {
	refused := map[string][]string{
		"mariadb to mysql": {"ma", "longu", "overlaps", "ver", "ver2"},
		"mysql to mariadb": {"fn", "my"},
	}
	for name, want := range refused {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, pairs[name])
			p.exec(t, sameFlavor(pairs[name][0])...)
			p.DeferIndexes = true
			findings, err := p.Unsupported(p.read(t))
			if err != nil {
				t.Fatal(err)
			}
			stop := map[string]bool{}
			for _, f := range findings {
				if f.Fatal {
					stop[strings.TrimPrefix(f.Object, p.schema+".")] = true
					if f.Remedy == "" {
						t.Errorf("%s: no remedy", f)
					}
				}
				t.Log(f)
			}
			for _, table := range want {
				if !stop[table] {
					t.Errorf("%s is not refused", table)
				}
				delete(stop, table)
				p.exec(t, "DROP TABLE "+table)
			}
			if len(stop) > 0 {
				t.Errorf("refused too: %v", stop)
			}
			m := p.read(t)
			buildLeftOut(t, p, createAll(t, p, m))
			for _, src := range m.Tables {
				target, _ := p.Selection.target(src.ID())
				dst, err := ReadTable(t.Context(), p.dst, p.Target, target)
				if err != nil {
					t.Error(err)
					continue
				}
				compareShapes(t, src.Definition, dst.Definition)
			}
		})
	}
}

// compareShapes compares what both flavours describe alike.
func compareShapes(t *testing.T, src, dst *schema.Table) {
	t.Helper()
	type shape struct {
		Name                        string
		Unsigned, Nullable, AutoInc bool
		Length                      int64
		Scale, Fraction             int
		Generation                  schema.Generation
		Invisible                   bool
	}
	shapes := func(tab *schema.Table) (out []shape) {
		for _, c := range tab.Columns {
			if c.Generation != schema.Plain {
				c.Nullable = true
			}
			if c.DataType == "json" || c.DataType == "longtext" {
				c.Length = 0
			}
			out = append(out, shape{c.Name, c.Unsigned, c.Nullable, c.AutoInc, c.Length, c.Scale, c.Fraction, c.Generation, c.Invisible})
		}
		return out
	}
	if diff := cmp.Diff(shapes(src), shapes(dst)); diff != "" {
		t.Errorf("columns of %s differ (-source +target):\n%s", src.ID(), diff)
	}
	if diff := cmp.Diff(src.Keys, dst.Keys); diff != "" {
		t.Errorf("keys of %s differ (-source +target):\n%s", src.ID(), diff)
	}
	if len(src.ForeignKeys) != len(dst.ForeignKeys) {
		t.Errorf("foreign keys of %s: %d, want %d", src.ID(), len(dst.ForeignKeys), len(src.ForeignKeys))
	}
}

func TestSelection(t *testing.T) {
	none, folds := &mysql.Server{}, &mysql.Server{LowerCase: 1}
	dbs := []spec.Database{
		{Name: "shop", Rename: "store", Tables: []string{"*"}, Except: []string{"tmp_?", "log*"}, TableRules: []spec.TableRule{{Name: "a", Rename: "b"}}},
		{Name: "app_*", Tables: []string{"users", "o*s"}},
		{Name: "*", Tables: []string{"x"}},
	}
	tests := []struct {
		source, target *mysql.Server
		schema, table  string
		want           string
	}{
		{none, none, "shop", "orders", "store.orders"},
		{none, none, "shop", "a", "store.b"},
		{none, none, "shop", "tmp_1", ""},
		{none, none, "shop", "tmp_12", "store.tmp_12"},
		{none, none, "Shop", "orders", ""},
		{folds, none, "Shop", "A", "store.b"},
		{none, folds, "app_1", "oRdErs", "app_1.orders"},
		{none, none, "app_1", "orders", "app_1.orders"},
		{none, none, "appx1", "orders", ""},
		{none, none, "appx1", "x", "appx1.x"},
		{none, none, "mysql", "x", ""},
		{none, none, "_tidegate", "x", ""},
		{none, none, "INFORMATION_SCHEMA", "x", ""},
	}
	for _, tc := range tests {
		s, n, ok := NewSelection(spec.Objects{Databases: dbs}, tc.source, tc.target).Match(tc.schema, tc.table)
		got := s + "." + n
		if !ok {
			got = ""
		}
		if got != tc.want {
			t.Errorf("%s.%s: got %q, want %q", tc.schema, tc.table, got, tc.want)
		}
	}
}
