package snapshot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// numbers fills a table with n rows made of n, by the server.
func (r *rig) numbers(into string, n int) {
	r.exec(r.src, fmt.Sprintf("INSERT INTO {}.%s SELECT a.n + 10*b.n + 100*c.n + 1000*d.n + 10000*e.n AS x, REPEAT('x', (a.n*7+b.n) %% 90) FROM %s HAVING x < %d",
		into, digits("a")+","+digits("b")+","+digits("c")+","+digits("d")+","+digits("e"), n))
}

func digits(as string) string {
	return "(SELECT 0 n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) " + as
}

var sources = map[string]dbtest.Config{
	"mysql":            {Flavor: dbtest.MySQL},
	"mysql without id": {Flavor: dbtest.MySQL, NoGTID: true},
	"mariadb":          {Flavor: dbtest.MariaDB},
	"mariadb cluster":  {Flavor: dbtest.MariaDB}, // its node's statements are sent one by one
	"mysql no log":     {Flavor: dbtest.MySQL, Args: []string{"--skip-log-bin", "--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"}},
}

// TestShapes copies every kind of table from every kind of source: with gaps,
// keyless, not transactional, invisible columns, families.
func TestShapes(t *testing.T) {
	for name, cfg := range sources {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, cfg, dbtest.Config{Flavor: dbtest.MySQL})
			r.cfg.NoLog = name == "mysql no log"
			r.source.Server.Galera = name == "mariadb cluster"
			r.create("CREATE TABLE {}.dense (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
			r.create("CREATE TABLE {}.gaps (id BIGINT NOT NULL PRIMARY KEY, v VARCHAR(100))")
			r.create("CREATE TABLE {}.keyless (id INT, v VARCHAR(100))")
			r.create("CREATE TABLE {}.hidden (id INT NOT NULL PRIMARY KEY, v VARCHAR(100) INVISIBLE)")
			r.create("CREATE TABLE {}.nothing (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
			r.exec(r.src, "CREATE TABLE {}.plain (id INT NOT NULL PRIMARY KEY, v VARCHAR(100)) ENGINE=MyISAM")
			r.execTo("CREATE TABLE {}.plain (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
			r.create("CREATE TABLE {}.tree (id INT NOT NULL PRIMARY KEY, up INT NULL, FOREIGN KEY (up) REFERENCES tree (id) ON DELETE CASCADE)")
			r.numbers("dense", 30000)
			r.exec(r.src, "INSERT INTO {}.gaps SELECT CAST(POW(id, 4) AS SIGNED) - 1000000, v FROM {}.dense WHERE id < 9000", "DELETE FROM {}.dense WHERE id % 1000 > 900",
				"INSERT INTO {}.keyless SELECT * FROM {}.dense WHERE id < 9000", "INSERT INTO {}.keyless SELECT * FROM {}.dense WHERE id < 50",
				"INSERT INTO {}.hidden (id, v) SELECT * FROM {}.dense", "INSERT INTO {}.plain SELECT * FROM {}.dense",
				"INSERT INTO {}.tree SELECT id, NULL FROM {}.dense WHERE id < 500", "UPDATE {}.tree SET up = id - 1 WHERE id > 0 AND id < 300")
			names := []string{"dense", "gaps", "keyless", "hidden", "nothing", "plain", "tree"}
			for _, n := range names {
				r.register(n)
			}
			r.tables[len(names)-1].Group = 1
			r.cfg.ChunkBytes = 20 << 10
			c := r.run()
			r.equal(names...)
			if s := c.Stats(); len(s.Tables) != len(names) || s.Tables[0].RowsDone == 0 || s.Tables[0].State != ledger.Copied {
				t.Errorf("stats: %+v", s)
			}
			again := r.copier()
			if again.Pending() {
				t.Error("what is copied would be copied again")
			}
		})
	}
}

// TestChangedWithoutLog: a source without a log never tells of a statement for
// which a copy could wait.
func TestChangedWithoutLog(t *testing.T) {
	r := newRig(t, sources["mysql no log"], dbtest.Config{})
	r.cfg.NoLog = true
	r.create("CREATE TABLE {}.t (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
	r.exec(r.src, "INSERT INTO {}.t VALUES (1,'a')")
	r.register("t")
	r.exec(r.src, "ALTER TABLE {}.t ADD w INT")
	r.begin()
	var e *mysql.Error
	if err := r.copier().Run(t.Context()); !errors.As(err, &e) || e.Code != "changed_without_log" || e.Remedy == "" {
		t.Fatal(err)
	}
	r.exec(r.src, "ALTER TABLE {}.t DROP w")
	if err := r.copier().Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.equal("t")
}

// TestHostileGlobals: nothing is inherited (N-C3, N-C4, N-C6, N-P9).
func TestHostileGlobals(t *testing.T) {
	src, dst := dbtest.Start(t, dbtest.Config{}), dbtest.Start(t, dbtest.Config{})
	r := &rig{TB: t, src: src, dst: dst, source_: map[int]*schema.Table{}, target_: map[int]*schema.Table{}}
	for _, s := range []*dbtest.Server{src, dst} {
		for _, q := range []string{"sql_select_limit=100", "max_execution_time=1000", "sql_mode='NO_BACKSLASH_ESCAPES,ANSI_QUOTES'", "sql_safe_updates=1", "transaction_isolation='READ-UNCOMMITTED'", "max_error_count=0"} {
			if _, err := s.DB().Exec("SET GLOBAL " + q); err != nil {
				t.Fatal(q, err)
			}
		}
	}
	r.connect()
	for _, load := range []bool{false, true} {
		name := fmt.Sprintf("t%t", load)
		r.create("CREATE TABLE {}." + name + " (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
		r.numbers(name, 20000)
		r.exec(r.src, "UPDATE {}."+name+" SET v = X'5C27220A090D00' WHERE id % 7 = 0")
		r.register(name)
		r.cfg.LoadData = load
		r.cfg.ChunkBytes = 100 << 10
		r.run()
		r.equal(name)
	}
}

// nopad are collations in which spaces count, where servers keep rows apart whose CHAR
// keys are equal.
var nopad = map[dbtest.Flavor]string{dbtest.MySQL: "utf8mb4_0900_ai_ci", dbtest.MariaDB: "utf8mb4_unicode_nopad_ci"}

// TestEqualApart: a server keeps some rows apart whose CHAR key is equal, in different
// partitions, and finds only some of them when asked for. Older ones of them are in
// the way of a chunk, and the others stay; ranges leave none out.
func TestEqualApart(t *testing.T) {
	for flavor, collation := range nopad {
		for _, load := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s load=%t", flavor, load), func(t *testing.T) {
				cfg := dbtest.Config{Flavor: flavor}
				r := newRig(t, cfg, cfg)
				r.create("CREATE TABLE {}.k (c CHAR(40) CHARACTER SET utf8mb4 COLLATE " + collation + " NOT NULL, n INT NOT NULL, v INT, PRIMARY KEY (c, n)) PARTITION BY KEY (c) PARTITIONS 3")
				var values []string
				for n, c := range slices.Repeat([]string{"xe", "xé", "xE", "né", "ne", "ñé", "nß", "ñß", "ñss", "éé", "eé"}, 40) {
					values = append(values, fmt.Sprintf("('%s%d',%d,0)", c, n%5, n*7%3))
				}
				for n := range 1000 {
					values = append(values, fmt.Sprintf("('xe',%d,0),('xé',%d,0)", 10+n, 10+n))
				}
				rows := "INSERT IGNORE INTO {}.k VALUES " + strings.Join(values, ",")
				r.exec(r.src, rows, "UPDATE {}.k SET v = 1")
				r.execTo(rows)
				id := r.register("k")
				r.cfg.LoadData = load
				r.cfg.ChunkBytes = 300
				c := r.run()
				r.equal("k")
				if open, _, err := c.Settle(t.Context(), id); err != nil || len(open) > 0 {
					t.Errorf("open debts %v, %v", open, err)
				}
			})
		}
	}
}

// TestDefinitionDiffers: while the source has another definition than the
// applied one nothing is copied, and the gate is free (R12, R13).
func TestDefinitionDiffers(t *testing.T) {
	r := newRig(t, dbtest.Config{}, dbtest.Config{})
	r.create("CREATE TABLE {}.d (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
	r.numbers("d", 5000)
	id := r.register("d")
	r.exec(r.src, "ALTER TABLE {}.d ADD w INT NOT NULL DEFAULT 7")
	r.begin()
	c := r.copier()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	// Each look at the definition opens the chunk for a moment: the gate must
	// be free between the looks.
	time.Sleep(700 * time.Millisecond)
	for limit := time.Now().Add(10 * time.Second); !r.gate.Idle(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("a chunk that waits holds the gate")
		}
	}
	if s := c.Stats(); s.Tables[0].RowsDone != 0 {
		t.Errorf("%d rows were copied by a definition that is not applied", s.Tables[0].RowsDone)
	}
	r.execTo("ALTER TABLE {}.d ADD w INT NOT NULL DEFAULT 7")
	r.redefine(id)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	r.equal("d")
}

// waits runs a copy whose tables are away, and returns what it will end with.
func (r *rig) waits() <-chan error {
	r.Helper()
	c := r.copier()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	r.Cleanup(cancel)
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	select {
	case err := <-done:
		r.Fatalf("the copy ended without its tables: %v", err)
	case <-time.After(700 * time.Millisecond):
	}
	return done
}

// TestTypeAway: a table whose name another one has meanwhile is waited for, also
// if the source finds what is asked of the key's column to be wrong for its type.
func TestTypeAway(t *testing.T) {
	r := newRig(t, dbtest.Config{}, dbtest.Config{})
	r.create("CREATE TABLE {}.d (id BIT(20) NOT NULL PRIMARY KEY, v VARCHAR(100))")
	r.numbers("d", 500)
	r.register("d")
	swap := "RENAME TABLE {}.d TO {}.x, {}.e TO {}.d, {}.x TO {}.e"
	r.exec(r.src, "CREATE TABLE {}.e (n INT NOT NULL PRIMARY KEY, id VECTOR(3))", "INSERT INTO {}.e (n) VALUES (1)", swap)
	r.begin()
	done := r.waits()
	r.exec(r.src, swap)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	r.equal("d")
}

// TestGoneWhilePlanned: the log may come to a table's DROP or RENAME while its next
// range is looked for.
func TestGoneWhilePlanned(t *testing.T) {
	r := newRig(t, dbtest.Config{}, dbtest.Config{})
	r.create("CREATE TABLE {}.d (id INT NOT NULL PRIMARY KEY)")
	id := r.register("d")
	r.begin()
	c := r.copier()
	gone := &tableCopy{Table: Table{ID: 99}}
	for _, n := range []uint16{1146, 1210} {
		if err := fmt.Errorf("find: %w", &driver.MySQLError{Number: n}); !c.changedMeanwhile(t.Context(), gone, err) {
			t.Errorf("%v stops the run", err)
		}
	}
	if there := (&tableCopy{Table: Table{ID: id}}); c.changedMeanwhile(t.Context(), there, &driver.MySQLError{Number: 1210}) {
		t.Error("an error of a table that is what is applied is passed over")
	}
}

// TestTableAway: a table that is gone from the source, by a statement that the
// log has not brought yet, is waited for, also where it is to be locked.
func TestTableAway(t *testing.T) {
	for _, from := range []dbtest.Config{{}, {NoGTID: true}, {Flavor: dbtest.MariaDB}} {
		t.Run(fmt.Sprintf("%s %t", from.Flavor, from.NoGTID), func(t *testing.T) {
			r := newRig(t, from, dbtest.Config{Flavor: from.Flavor})
			r.create("CREATE TABLE {}.d (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
			r.create("CREATE TABLE {}.bare (id INT NOT NULL, v VARCHAR(100))")
			r.numbers("d", 500)
			r.exec(r.src, "INSERT INTO {}.bare SELECT * FROM {}.d")
			r.register("d")
			r.register("bare")
			r.exec(r.src, "RENAME TABLE {}.d TO {}.away, {}.bare TO {}.gone")
			r.begin()
			done := r.waits()
			r.exec(r.src, "RENAME TABLE {}.away TO {}.d, {}.gone TO {}.bare")
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			r.equal("d")
			r.equal("bare")
		})
	}
}

// redefine is what the applier does after a DDL.
func (r *rig) redefine(id int) {
	fresh := &rig{TB: r.TB, src: r.src, dst: r.dst, from: r.from, to: r.to, source: r.source, target: r.target, text: r.text, marksDB: r.marksDB, source_: map[int]*schema.Table{}, target_: map[int]*schema.Table{}}
	fresh.register(r.source_[id].Name)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.source_[id], r.target_[id] = fresh.source_[1], fresh.target_[1]
}

// TestThrownAway throws tables away in the middle of their copy, as a statement of
// the log does, and copies them anew (R15).
func TestThrownAway(t *testing.T) {
	r := newRig(t, dbtest.Config{}, dbtest.Config{})
	r.create("CREATE TABLE {}.a (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
	r.create("CREATE TABLE {}.k (id INT, v VARCHAR(100))")
	r.numbers("a", 20000)
	r.numbers("k", 20000)
	ids := []int{r.register("a"), r.register("k")}
	r.cfg.ChunkBytes, r.cfg.MaxRows = 10<<10, 20000
	r.begin()
	for range 3 {
		ctx, end := context.WithTimeout(t.Context(), 250*time.Millisecond)
		ended := make(chan error, 1)
		c := r.copier()
		go func() { ended <- c.Run(ctx) }()
		time.Sleep(150 * time.Millisecond)
		if err := r.ledger.Discard(t.Context(), ids...); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		end()
		r.execTo("INSERT INTO {}.a VALUES (-1, 'of what had the name before') ON DUPLICATE KEY UPDATE v = v")
		r.gate = gate.New(r.marks.Kind())
	}
	r.cfg.MaxRows = 0
	if err := r.copier().Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.equal("a", "k")
}

// TestWide: rows far larger than a statement (C: 100 MB values).
func TestWide(t *testing.T) {
	cfg := dbtest.Config{Args: []string{"--max-allowed-packet=1G"}}
	r := newRig(t, cfg, cfg)
	r.create("CREATE TABLE {}.wide (id INT NOT NULL PRIMARY KEY, b LONGBLOB)")
	r.exec(r.src, "INSERT INTO {}.wide VALUES (1, REPEAT('a', 1000)), (2, REPEAT(X'5C', 100000000)), (3, REPEAT(X'00', 3000000)), (4, NULL), (5, '')")
	r.register("wide")
	begun := time.Now()
	r.run()
	t.Logf("copied in %s", time.Since(begun))
	for _, q := range []string{"SELECT GROUP_CONCAT(CONCAT(id, COALESCE(SHA2(b,256),'-')) ORDER BY id) FROM %s.wide"} {
		var a, b string
		if err := r.src.DB().QueryRow(fmt.Sprintf(q, r.from)).Scan(&a); err != nil {
			t.Fatal(err)
		}
		if err := r.dst.DB().QueryRow(fmt.Sprintf(q, r.to)).Scan(&b); err != nil {
			t.Fatal(err)
		}
		if a != b {
			t.Errorf("got %s want %s", b, a)
		}
	}
}

// TestManySmallTables: many tables of one chunk each do not take long.
func TestManySmallTables(t *testing.T) {
	r := newRig(t, dbtest.Config{}, dbtest.Config{})
	const n = 200
	for i := range n {
		r.create(fmt.Sprintf("CREATE TABLE {}.s%d (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))", i))
		r.exec(r.src, fmt.Sprintf("INSERT INTO {}.s%d VALUES (1,'x'),(2,'y')", i))
		r.register(fmt.Sprintf("s%d", i))
	}
	begun := time.Now()
	r.run()
	took := time.Since(begun)
	t.Logf("%d tables in %s", n, took)
	if took > 30*time.Second {
		t.Errorf("%d tables took %s", n, took)
	}
	r.equal("s0", "s199")
}

// TestMemory copies 1 KB rows by four threads: the process stays under 256 MiB.
func TestMemory(t *testing.T) {
	r := newRig(t, dbtest.Config{}, dbtest.Config{})
	r.create("CREATE TABLE {}.m (id INT NOT NULL PRIMARY KEY, v VARCHAR(2000))")
	r.numbers("m", 100000)
	r.exec(r.src, "UPDATE {}.m SET v = REPEAT(LPAD(HEX(id), 32, 'x'), 30)")
	r.register("m")
	r.cfg.ChunkBytes = 16 << 20
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // the peak counts from here
		t.Fatal(err)
	}
	begun := time.Now()
	r.run()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	var kib int
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		t.Fatal(err)
	}
	t.Logf("100,000 rows of 1 KB in %s, at most %d MiB", time.Since(begun), kib>>10)
	if kib>>10 >= 256 {
		t.Errorf("%d MiB resident", kib>>10)
	}
}

func TestGroups(t *testing.T) {
	table := func(name string, fks ...schema.ForeignKey) *schema.Table {
		return &schema.Table{Schema: "s", Name: name, ForeignKeys: fks}
	}
	fk := func(parent, del, upd string) schema.ForeignKey {
		return schema.ForeignKey{ParentSchema: "s", ParentTable: parent, OnDelete: del, OnUpdate: upd}
	}
	for _, tt := range []struct {
		name   string
		tables []*schema.Table
		want   string
	}{
		{"two levels by delete", []*schema.Table{table("a"), table("b", fk("a", "CASCADE", "RESTRICT"))}, "[]"},
		{"three levels", []*schema.Table{table("a"), table("b", fk("a", "CASCADE", "NO ACTION")), table("c", fk("b", "SET NULL", "NO ACTION"))}, "[[0 1 2]]"},
		{"set null ends it", []*schema.Table{table("a"), table("b", fk("a", "SET NULL", "NO ACTION")), table("c", fk("b", "CASCADE", "NO ACTION"))}, "[]"},
		{"by update", []*schema.Table{table("a"), table("b", fk("a", "RESTRICT", "CASCADE")), table("x")}, "[[0 1]]"},
		{"itself", []*schema.Table{table("a", fk("a", "CASCADE", "RESTRICT"))}, "[[0]]"},
		{"restrict", []*schema.Table{table("a", fk("a", "RESTRICT", "RESTRICT"))}, "[]"},
	} {
		if got := strings.ReplaceAll(fmt.Sprint(Groups(tt.tables)), "[] ", ""); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}
