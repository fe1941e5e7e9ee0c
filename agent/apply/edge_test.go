package apply_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/agent/apply"
	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// replayErr replays all and returns the error that a person must look at.
func (t *target) replayErr() error {
	t.t.Helper()
	ctx, cancel := context.WithTimeout(t.t.Context(), time.Minute)
	defer cancel()
	return t.replay(ctx, t.now())
}

// A target that differs is found, and the row is named, for every kind of
// change (REVIEW R17, R20); the policies do what they say.
func TestConflicts(t *testing.T) {
	for _, c := range []struct {
		name, harm, then, key, cure string
	}{
		{"insert meets a row", "INSERT INTO plain VALUES (9,'mine')", "INSERT INTO plain VALUES (9,'source')", "id=9", "DELETE FROM plain WHERE id=9"},
		{"update meets no row", "DELETE FROM plain WHERE id=2", "UPDATE plain SET v='new' WHERE id=2", "id=2", "INSERT INTO plain VALUES (2,'two')"},
		{"update meets its result", "UPDATE plain SET v='same' WHERE id=3", "UPDATE plain SET v='same' WHERE id=3", "id=3", "UPDATE plain SET v='three' WHERE id=3"},
		{"delete meets no row", "DELETE FROM plain WHERE id=1", "DELETE FROM plain WHERE id=1", "id=1", "INSERT INTO plain VALUES (1,'one')"},
		{"update of a missing row whose unique value another has", "UPDATE c SET id=77 WHERE id=2", "UPDATE c SET v='new' WHERE id=2", "id=2", "UPDATE c SET id=2 WHERE id=77"},
		{"unique value taken by a third row", "INSERT INTO c VALUES (50,99,'thief')", "UPDATE c SET u=99 WHERE id=3", "id=3", "DELETE FROM c WHERE id=50"},
		{"row without a key is missing", "DELETE FROM bare LIMIT 1", "DELETE FROM bare", "", "INSERT INTO bare VALUES (1,'x')"},
		{"row without a key differs", "UPDATE bare SET b='X' LIMIT 2", "UPDATE bare SET b='y' LIMIT 1", "", "UPDATE bare SET b='x'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, policy := range []spec.Conflict{spec.ConflictFail, spec.ConflictOverwrite, spec.ConflictIgnore} {
				q := newPair(t, mysqlServer, targetMySQL)
				q.exec("CREATE TABLE c (id INT NOT NULL PRIMARY KEY, u INT, v VARCHAR(20), UNIQUE KEY u (u))",
					"CREATE TABLE plain (id INT NOT NULL PRIMARY KEY, v VARCHAR(20))", "CREATE TABLE bare (a INT, b VARCHAR(10))")
				q.begin()
				q.exec("INSERT INTO c VALUES (1,1,'one'),(2,2,'two'),(3,3,'three')", "INSERT INTO plain VALUES (1,'one'),(2,'two'),(3,'three')", "INSERT INTO bare VALUES (1,'x'),(1,'x')")
				tg := q.newTarget(2)
				tg.cfg.OnConflict = policy
				tg.mustReplay()
				tg.compare()
				tg.sql(c.harm)
				q.exec(c.then)
				err := tg.replayErr()
				if policy == spec.ConflictFail {
					e, ok := errors.AsType[*mysql.Error](err)
					if !ok || e.Code != "conflict" || e.Class != mysql.Data || !strings.Contains(err.Error(), c.key) {
						t.Fatalf("got %v", err)
					}
					tg.sql(c.cure) // and nothing of what stands behind the row is lost or done already
					tg.mustReplay()
					tg.compare()
					continue
				}
				if err != nil {
					t.Fatalf("%s: %v", policy, err)
				}
				if policy == spec.ConflictOverwrite && !strings.Contains(c.name, "without a key") && !strings.Contains(c.name, "third") && !strings.Contains(c.name, "another has") {
					tg.compare()
				}
			}
		})
	}
}

// A value the target cannot store names its row and is not a conflict.
func TestValueRefused(t *testing.T) {
	p := newPair(t, mysqlServer, targetMySQL)
	p.exec("CREATE TABLE v (id INT NOT NULL PRIMARY KEY, s VARCHAR(20))")
	p.begin()
	tg := p.newTarget(3)
	tg.sql("ALTER TABLE v MODIFY s VARCHAR(4)")
	p.exec("INSERT INTO v VALUES (1,'ok'),(2,'longer'),(3,'ok')")
	err := tg.replayErr()
	if e, ok := errors.AsType[*mysql.Error](err); !ok || e.Code != "value" || !strings.Contains(err.Error(), "id=2") {
		t.Fatalf("got %v", err)
	}
}

// The mode that a row needs without strict mode ends with its statement: the next
// row that does not fit is refused.
func TestStrictAgain(t *testing.T) {
	p := newPair(t, mysqlServer, targetMySQL)
	p.exec("CREATE TABLE v (id INT NOT NULL PRIMARY KEY, e ENUM('a') NOT NULL, s VARCHAR(20), n INT AS (s))")
	p.begin()
	tg := p.newTarget(1)
	tg.sql("ALTER TABLE v MODIFY s VARCHAR(4)")
	p.exec("INSERT IGNORE INTO v (id, e, s) VALUES (1, 'b', '1')", "INSERT IGNORE INTO v (id, e, s) VALUES (2, 'a', 'no')",
		"INSERT IGNORE INTO v (id, e, s) VALUES (3, 'a', 'longer')")
	err := tg.replayErr()
	if e, ok := errors.AsType[*mysql.Error](err); !ok || e.Code != "value" || !strings.Contains(err.Error(), "id=3") {
		t.Fatalf("got %v", err)
	}
}

// A value that only LaxMode stores covers no other value of its row, whatever the
// pipeline says of conflicts.
func TestLaxRowRefused(t *testing.T) {
	p := newPair(t, mysqlServer, targetMySQL)
	p.exec("CREATE TABLE v (id INT NOT NULL PRIMARY KEY, e ENUM('a') NOT NULL, s VARCHAR(20), n INT AS (s))")
	p.begin()
	tg := p.newTarget(1)
	tg.cfg.OnConflict = spec.ConflictIgnore
	tg.sql("ALTER TABLE v MODIFY s VARCHAR(4)")
	p.exec("INSERT IGNORE INTO v (id, e, s) VALUES (1, 'b', 'longer')")
	err := tg.replayErr()
	if e, ok := errors.AsType[*mysql.Error](err); !ok || e.Code != "value" || !strings.Contains(err.Error(), "id=1") {
		t.Fatalf("got %v", err)
	}
}

// 1 MiB rows and a target that takes 4 MiB packets: statements are capped by
// bytes, and a row that fits into none is a configuration error.
func TestLargeRows(t *testing.T) {
	p := newPair(t, mysqlServer, targetMySQL)
	p.exec("CREATE TABLE blobs (id INT NOT NULL PRIMARY KEY, b LONGBLOB)")
	p.begin()
	tg := p.newTarget(2)
	tg.conn.Server.MaxPacket = 4 << 20
	tg.cfg.StatementBytes = 3 << 20
	for i := range 30 {
		p.exec(fmt.Sprintf("INSERT INTO blobs VALUES (%d, REPEAT(CHAR(%d), 1048576))", i, i))
	}
	p.exec("UPDATE blobs SET b = CONCAT('x', b)", "DELETE FROM blobs WHERE id < 10")
	tg.mustReplay()
	tg.compare()
	p.exec("INSERT INTO blobs VALUES (100, REPEAT('y', 5000000))")
	err := tg.replayErr()
	if e, ok := errors.AsType[*mysql.Error](err); !ok || e.Code != "packet_too_small" || e.Class != mysql.Config {
		t.Fatalf("got %.200v", err)
	}
}

// Another session's locks make lanes wait and deadlock; each repeats its share
// alone and the retry window is not spent while others get on.
func TestLockedRows(t *testing.T) {
	p := newPair(t, mysqlServer, targetMySQL)
	p.exec("CREATE TABLE l (id INT NOT NULL PRIMARY KEY, v INT NOT NULL)")
	p.begin()
	tg := p.newTarget(4)
	var v []string
	for i := range 400 {
		v = append(v, fmt.Sprintf("(%d,0)", i))
	}
	p.exec("INSERT INTO l VALUES " + strings.Join(v, ","))
	tg.mustReplay()
	stop := make(chan struct{})
	var g errgroup.Group
	g.Go(func() error { // takes locks in the order that meets the lanes' the worst
		for n := 0; ; n++ {
			select {
			case <-stop:
				return nil
			default:
			}
			tx, err := tg.to.DB().Begin()
			if err != nil {
				return err
			}
			for i := 390; i >= 0; i -= 30 {
				if _, err = tx.Exec(fmt.Sprintf("SELECT * FROM `%s`.l WHERE id = %d FOR UPDATE", tg.schema, i)); err != nil {
					break // its turn to be the victim
				}
			}
			tx.Rollback()
		}
	})
	for range 60 {
		p.exec("UPDATE l SET v = v + 1")
	}
	tg.mustReplay()
	close(stop)
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	tg.compare()
}

// Parents that are not selected are decoded for their cascades alone.
func TestUnselectedParent(t *testing.T) {
	for _, from := range []struct {
		name string
		pair *pair
	}{{"mysql", newPair(t, mysqlNative, targetMySQL)}, {"mariadb", newPair(t, mariaServer, targetMaria)}} {
		t.Run(from.name, func(t *testing.T) {
			p := from.pair
			p.exec("CREATE TABLE parent (id INT NOT NULL PRIMARY KEY)",
				"CREATE TABLE child (id INT NOT NULL PRIMARY KEY, pid INT, FOREIGN KEY (pid) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE SET NULL)")
			p.begin()
			tg := p.newTarget(2)
			tg.cat.only, tg.cat.parents = func(name string) bool { return name != "parent" }, []string{"parent"}
			p.exec("INSERT INTO parent VALUES (1),(2),(3)", "INSERT INTO child VALUES (1,1),(2,2),(3,3),(4,1)", "DELETE FROM parent WHERE id=1", "UPDATE parent SET id=9 WHERE id=2")
			tg.mustReplay()
			if got := fmt.Sprint(dump(t, tg.to, tg.schema, "child")); got != fmt.Sprint(dump(t, p.from, p.schema, "child")) {
				t.Errorf("child: %v", got)
			}
			if got := dump(t, tg.to, tg.schema, "parent"); len(got) != 0 {
				t.Errorf("parent has %d rows", len(got))
			}
		})
	}
}

// A cascade that would go on from rows nobody has stops the run.
func TestUnselectedMiddle(t *testing.T) {
	p := newPair(t, mysqlNative, targetMySQL)
	p.exec("CREATE TABLE top (id INT NOT NULL PRIMARY KEY)", "CREATE TABLE middle (id INT NOT NULL PRIMARY KEY, FOREIGN KEY (id) REFERENCES top (id) ON DELETE CASCADE)",
		"CREATE TABLE low (id INT NOT NULL PRIMARY KEY, FOREIGN KEY (id) REFERENCES middle (id) ON DELETE CASCADE)")
	p.begin()
	tg := p.newTarget(1)
	tg.cat.only, tg.cat.parents = func(name string) bool { return name == "low" }, []string{"top", "middle"}
	p.exec("INSERT INTO top VALUES (1),(2)", "INSERT INTO middle VALUES (1),(2)", "INSERT INTO low VALUES (1),(2)", "DELETE FROM middle WHERE id=1")
	tg.mustReplay()
	p.exec("DELETE FROM top WHERE id=2")
	err := tg.replay(t.Context(), must(tg.source.Executed(t.Context())))
	e, ok := errors.AsType[*mysql.Error](err)
	if !ok || e.Class != mysql.Config || !strings.Contains(e.Remedy, ".middle") {
		t.Errorf("got %v, wanted a refusal that names the table", err)
	}
}

// Lanes change between two batches while everything runs.
func TestRetune(t *testing.T) {
	p := newPair(t, mysqlServer, targetMySQL)
	p.world()
	p.churn(rand.New(rand.NewPCG(11, 1)), 300)
	tg := p.newTarget(2)
	tg.during = func(ctx context.Context, a *apply.Applier) error {
		for _, lanes := range []int{6, 1, 3} {
			if err := a.Retune(ctx, lanes, []byte("{}"), fmt.Sprint(lanes)); err != nil {
				return err
			}
			p.churn(rand.New(rand.NewPCG(uint64(lanes), 1)), 200)
			if err := a.WaitFor(ctx, tg.now()); err != nil {
				return err
			}
			if got := a.Stats().Lanes; got != lanes {
				return fmt.Errorf("%d lanes, want %d", got, lanes)
			}
		}
		return nil
	}
	tg.mustReplay()
	tg.compare()
	var lanes int
	if err := tg.to.DB().QueryRow("SELECT COUNT(*) FROM _tidegate.ledger WHERE run = ?", tg.run).Scan(&lanes); err != nil || lanes != 3 {
		t.Errorf("%d lanes in the ledger (%v), want 3", lanes, err)
	}
}

// A single change on an idle source is applied at once, not after an age.
func TestLowLag(t *testing.T) {
	p := newPair(t, mysqlServer, targetMySQL)
	p.exec("CREATE TABLE q (id INT NOT NULL PRIMARY KEY)")
	p.begin()
	tg := p.newTarget(4)
	tg.during = func(ctx context.Context, a *apply.Applier) error {
		var took []time.Duration
		for i := range 30 {
			p.exec(fmt.Sprintf("INSERT INTO q VALUES (%d)", i))
			begun := time.Now()
			if err := a.WaitFor(ctx, tg.now()); err != nil {
				return err
			}
			took = append(took, time.Since(begun))
		}
		slices.Sort(took)
		t.Logf("median %s, worst %s", took[15], took[29])
		if took[15] > time.Second {
			return fmt.Errorf("a single change took %s", took[15])
		}
		return nil
	}
	tg.mustReplay()
	tg.compare()
}

// MySQL compares an ENUM or a SET in a list of several columns with the text of
// a number, and finds nothing: many rows at once must be deleted all the same,
// by their key and by a unique value.
func TestMembersInKeys(t *testing.T) {
	pairs(t, func(t *testing.T, q *pair) {
		q.exec("CREATE TABLE e (k ENUM('1','b','2') NOT NULL, n INT NOT NULL, v INT, PRIMARY KEY (n, k))",
			"CREATE TABLE s (k SET('a','b','c') NOT NULL, d DECIMAL(9,2) NOT NULL, PRIMARY KEY (k, d))", "CREATE TABLE one (k ENUM('x','1') NOT NULL PRIMARY KEY)")
		q.begin()
		q.exec("INSERT INTO e VALUES (1,1,1),(2,1,2),(3,1,3),(1,2,4),(2,2,5),(3,2,6)", "INSERT INTO s VALUES (0,1),(1,1.5),(3,-1),(7,2)", "INSERT INTO one VALUES (1),(2)")
		tg := q.newTarget(2)
		tg.mustReplay()
		q.exec("DELETE FROM e WHERE n = 1 OR k = 2", "UPDATE e SET k = 2 WHERE k = 3", "DELETE FROM s WHERE d > 0 OR k = 3", "DELETE FROM one")
		tg.mustReplay()
		tg.compare()
	})
}

// MariaDB 11.8 leaves generated columns out of its images. What follows from
// other columns may be missing; a column that is written may not.
func TestImagesWithoutColumns(t *testing.T) {
	newer := dbtest.Config{Flavor: dbtest.MariaDB118}
	for name, to := range map[string]dbtest.Config{"mariadb": {Flavor: dbtest.MariaDB118, ServerID: 9003}, "mysql": targetMySQL} {
		t.Run(name, func(t *testing.T) {
			q := newPair(t, newer, to)
			q.exec("CREATE TABLE keyed (g INT AS (a * 2) VIRTUAL, id INT NOT NULL PRIMARY KEY, a INT, s INT AS (a + 1) STORED, v VARCHAR(20), b BIT(9), UNIQUE KEY u (g), KEY k (s))",
				"CREATE TABLE plain (id INT NOT NULL PRIMARY KEY, a INT NULL, s INT AS (a + 1) STORED, w INT AS (a + 2) VIRTUAL, v VARCHAR(20))",
				"CREATE TABLE bare (a INT, g INT AS (a * 2) VIRTUAL, v VARCHAR(20))")
			q.begin()
			write := func(n int) {
				for i := range 40 {
					q.exec(fmt.Sprintf("INSERT INTO keyed (id, a, v, b) VALUES (%d, %d, 'x', 5)", n+i, n+i), fmt.Sprintf("REPLACE INTO plain (id, a, v) VALUES (%d, NULL, NULL), (%d, %d, 'y')", n+i, n+i+1, i),
						fmt.Sprintf("INSERT INTO bare (a, v) VALUES (%d, 'z'), (%d, NULL)", i%7, i%7))
				}
				q.exec("UPDATE keyed SET a = a + 100000 WHERE id % 3 = 0", "UPDATE keyed SET v = NULL WHERE id % 5 = 0", "DELETE FROM keyed WHERE id % 7 = 0", "UPDATE plain SET a = IFNULL(a, 0) + 1",
					"DELETE FROM plain WHERE id % 4 = 0", "UPDATE bare SET v = 'w' WHERE a = 3 LIMIT 3", "DELETE FROM bare WHERE a = 4 LIMIT 2",
					"XA START 'x'", "UPDATE keyed SET v = 'xa'", "XA END 'x'", "XA PREPARE 'x'", "XA COMMIT 'x'")
			}
			write(0)
			tg := q.newTarget(3)
			tg.mustReplay()
			tg.compare()
			write(1000)
			tg.mustReplay()
			tg.compare()
			q.exec("SET SESSION binlog_row_image = 'MINIMAL'", "UPDATE plain SET v = 'less' WHERE id = 1", "SET SESSION binlog_row_image = 'FULL'")
			if e, ok := errors.AsType[*mysql.Error](tg.replayErr()); !ok || e.Code != "row_image" || e.Class != mysql.Config {
				t.Errorf("an image without written columns: %v", e)
			}
		})
	}
}

// A table that was made for an incremental run may keep old versions of its rows,
// which changes what statements count.
func TestVersionedTarget(t *testing.T) {
	p := newPair(t, mariaServer, targetMaria)
	p.exec("CREATE TABLE kept (id INT NOT NULL PRIMARY KEY, v INT)")
	p.begin()
	tg := p.newTarget(2)
	tg.sql("ALTER TABLE kept ADD SYSTEM VERSIONING")
	p.exec("INSERT INTO kept VALUES (1,1),(2,2),(3,3)")
	tg.mustReplay()
	p.exec("UPDATE kept SET v = v + 1", "DELETE FROM kept WHERE id = 2", "INSERT INTO kept VALUES (2,9)", "UPDATE kept SET id = 10 WHERE id = 1")
	tg.mustReplay()
	tg.sql("ALTER TABLE kept DROP SYSTEM VERSIONING")
	tg.compare()
}
