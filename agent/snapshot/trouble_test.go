package snapshot

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// TestCutValues gives the copy a target that cannot hold a value: it must stop,
// and write nothing in its place, by LOAD DATA LOCAL too, which is lenient.
func TestCutValues(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		for _, load := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s load=%t", flavor, load), func(t *testing.T) {
				r := newRig(t, dbtest.Config{Flavor: flavor}, dbtest.Config{Flavor: flavor})
				r.create("CREATE TABLE {}.w (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
				r.exec(r.src, "INSERT INTO {}.w VALUES (1,'ok'),(2,'much too long'),(3,NULL)")
				r.register("w")
				r.execTo("ALTER TABLE {}.w MODIFY v VARCHAR(5)")
				r.cfg.LoadData, r.cfg.RetryWindow = load, 5*time.Second
				r.begin()
				c := r.copier()
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				err := c.Run(ctx)
				if err == nil || mysql.Classify(err) != mysql.Data || ctx.Err() != nil {
					t.Errorf("got %v", err)
				}
				var n int
				if err := r.dst.DB().QueryRow("SELECT COUNT(*) FROM " + r.to + ".w").Scan(&n); err != nil || n != 0 {
					t.Errorf("%d rows are there, %v", n, err)
				}
				r.execTo("ALTER TABLE {}.w MODIFY v VARCHAR(100)")
				if err := r.copier().Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				r.equal("w")
			})
		}
	}
}

// TestZeroInCountingColumn copies rows whose AUTO_INCREMENT value is 0 or at an
// end of its type, beside columns that LOAD DATA fills by expressions.
func TestZeroInCountingColumn(t *testing.T) {
	for _, flavor := range dbtest.Flavors {
		for _, load := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s load=%t", flavor, load), func(t *testing.T) {
				r := newRig(t, dbtest.Config{Flavor: flavor}, dbtest.Config{Flavor: flavor})
				conn := r.src.Session(t)
				r.create("CREATE TABLE {}.z (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, e ENUM('a','b'), s SET('x','y')) AUTO_INCREMENT=900")
				r.create("CREATE TABLE {}.u (k INT NOT NULL PRIMARY KEY, id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, e ENUM('a','b'), KEY (id))")
				for _, q := range []string{"SET sql_mode='NO_AUTO_VALUE_ON_ZERO'", "INSERT INTO " + r.from + ".z VALUES (0,'a','x'),(-5,'b',''),(2147483647,NULL,'x,y')",
					"INSERT INTO " + r.from + ".u VALUES (1,0,'a'),(2,0,'b'),(3,18446744073709551614,NULL)"} {
					if _, err := conn.ExecContext(t.Context(), q); err != nil {
						t.Fatal(q, err)
					}
				}
				r.register("z")
				r.register("u")
				r.cfg.LoadData = load
				r.run()
				r.equal("z", "u")
			})
		}
	}
}

// TestNoMember copies ENUM values that are none of the members, which a server keeps
// from statements without strict mode, beside members that look like them.
func TestNoMember(t *testing.T) {
	for _, flavor := range dbtest.Flavors {
		for _, load := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s load=%t", flavor, load), func(t *testing.T) {
				r := newRig(t, dbtest.Config{Flavor: flavor}, dbtest.Config{Flavor: flavor})
				r.create("CREATE TABLE {}.e (id INT NOT NULL PRIMARY KEY, a ENUM('a','b'), b ENUM('0','') NOT NULL)")
				conn := r.src.Session(t)
				for _, q := range []string{"SET sql_mode=''", "INSERT INTO " + r.from + ".e VALUES (1,'none','none'),(2,'a','0'),(3,NULL,'')"} {
					if _, err := conn.ExecContext(t.Context(), q); err != nil {
						t.Fatal(q, err)
					}
				}
				r.register("e")
				r.cfg.LoadData = load
				r.run()
				r.equal("e")
			})
		}
	}
}

// TestLoadCounts: what LOAD DATA made more or fewer rows of than were read is not
// taken, whatever it warned of.
func TestLoadCounts(t *testing.T) {
	r := newRig(t, dbtest.Config{}, dbtest.Config{})
	r.create("CREATE TABLE {}.c (v VARCHAR(100))")
	r.register("c")
	l, err := newLayout(r.source_[1], r.target_[1], &Deps{Source: r.source, Target: r.target})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]error{"one\n": nil, "one\nmore\n": errLenient} {
		in := make(chan *batch, 1)
		in <- &batch{text: []byte(text), marks: []int32{int32(len(text))}, width: 1}
		close(in)
		tx, err := r.pool(r.target, mysql.Raw).Begin()
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		if err := l.load(t.Context(), tx, mysql.MySQL, in); !errors.Is(err, want) {
			t.Errorf("%q for one row: %v", text, err)
		}
	}
}

// TestRefusedChunks lets the first, a middle and the last chunk be the victim of
// a deadlock: what was rolled back is written again, and the copy does not end
// before.
func TestRefusedChunks(t *testing.T) {
	for _, load := range []bool{false, true} {
		t.Run(fmt.Sprintf("load=%t", load), func(t *testing.T) {
			r := newRig(t, dbtest.Config{Flavor: dbtest.MariaDB}, dbtest.Config{Flavor: dbtest.MariaDB, ServerID: 22})
			r.create("CREATE TABLE {}.d (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
			r.numbers("d", 5000)
			r.register("d")
			r.execTo("CREATE TABLE {}.refusals (id INT NOT NULL PRIMARY KEY, n INT NOT NULL) ENGINE=MyISAM", "INSERT INTO {}.refusals VALUES (0,2),(2500,2),(4999,2)",
				`CREATE TRIGGER {}.refuse AFTER INSERT ON {}.d FOR EACH ROW BEGIN
  DECLARE left_over INT DEFAULT 0;
  IF NEW.id IN (0, 2500, 4999) THEN
    SELECT n INTO left_over FROM {}.refusals WHERE id = NEW.id;
    IF left_over > 0 THEN UPDATE {}.refusals SET n = n - 1 WHERE id = NEW.id; END IF;
    IF left_over = 2 THEN SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213; END IF;
    IF left_over = 1 THEN SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1205; END IF;
  END IF;
END`)
			r.cfg.LoadData, r.cfg.ChunkBytes = load, 8<<10
			r.run()
			r.equal("d")
			var n int
			if err := r.dst.DB().QueryRow("SELECT SUM(n) FROM " + r.to + ".refusals").Scan(&n); err != nil || n != 0 {
				t.Errorf("%d refusals are left, %v", n, err)
			}
		})
	}
}

// TestNoStatistics copies a table of which the dictionary says that it is empty:
// it comes in many chunks all the same.
func TestNoStatistics(t *testing.T) {
	r := newRig(t, dbtest.Config{}, dbtest.Config{})
	r.create("CREATE TABLE {}.n (id INT NOT NULL PRIMARY KEY, v VARCHAR(100)) STATS_PERSISTENT=1 STATS_AUTO_RECALC=0")
	r.create("CREATE TABLE {}.s (k VARCHAR(20) NOT NULL PRIMARY KEY, v VARCHAR(100)) STATS_PERSISTENT=1 STATS_AUTO_RECALC=0")
	r.numbers("n", 20000)
	r.exec(r.src, "INSERT INTO {}.s SELECT id, v FROM {}.n")
	for _, name := range []string{"n", "s"} {
		r.exec(r.src, "UPDATE mysql.innodb_table_stats SET n_rows=0, clustered_index_size=1 WHERE database_name='{}' AND table_name='"+name+"'", "FLUSH TABLE {}."+name)
		if r.register(name); r.tables[len(r.tables)-1].Rows > 100 {
			t.Fatalf("the dictionary knows of %d rows", r.tables[len(r.tables)-1].Rows)
		}
	}
	r.cfg.ChunkBytes = 64 << 10
	r.run()
	r.equal("n", "s")
	var least int
	if err := r.dst.DB().QueryRow("SELECT MIN(c) FROM (SELECT COUNT(*) c FROM _tidegate.chunk WHERE run = '" + r.to + "' GROUP BY tbl) x").Scan(&least); err != nil {
		t.Fatal(err)
	}
	if least < 5 {
		t.Errorf("a table of 20000 rows came in %d chunks", least)
	}
}

// TestGiantTable copies one table that is most of all rows beside small ones: it
// must not be what is left for the end.
func TestGiantTable(t *testing.T) {
	r := newRig(t, dbtest.Config{}, dbtest.Config{})
	var names []string
	for i := range 8 {
		name := fmt.Sprintf("s%d", i)
		names = append(names, name)
		r.create("CREATE TABLE {}." + name + " (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
		r.numbers(name, 1000)
	}
	r.create("CREATE TABLE {}.giant (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
	r.numbers("giant", 32000)
	names = append(names, "giant")
	for _, name := range names {
		r.exec(r.src, "ANALYZE TABLE {}."+name)
		r.register(name)
	}
	r.cfg.ChunkBytes, r.cfg.MaxRows = 8<<10, 20000
	r.begin()
	c := r.copier()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	looked := false
	for end := false; !end; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			end = true
		case <-time.After(2 * time.Millisecond):
		}
		var giant, all int64
		for _, s := range c.Stats().Tables {
			all += s.RowsDone
			if s.ID == len(names) {
				giant = s.RowsDone
			}
		}
		if all > 12000 && all < 20000 {
			if looked = true; giant < all/2 {
				t.Fatalf("of %d rows that are copied %d are the giant's", all, giant)
			}
		}
	}
	if !looked {
		t.Error("nobody looked in the middle")
	}
	r.equal(names...)
}

// TestBusyAtTheStart copies a table without a key while a transaction that has
// written to it stays open: waiting for the lock must not stop others for long,
// and the copy begins when the transaction ends.
func TestBusyAtTheStart(t *testing.T) {
	for name, cfg := range map[string]dbtest.Config{"mysql": {}, "mysql without id": {NoGTID: true}, "mariadb": {Flavor: dbtest.MariaDB}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, cfg, dbtest.Config{})
			r.create("CREATE TABLE {}.k (id INT, v VARCHAR(100))")
			r.numbers("k", 500)
			r.register("k")
			r.cfg.RetryWindow = time.Minute
			r.begin()
			tx, err := r.src.DB().Begin()
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback()
			if _, err := tx.Exec("INSERT INTO " + r.from + ".k VALUES (-1, 'open')"); err != nil {
				t.Fatal(err)
			}
			c := r.copier()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- c.Run(ctx) }()
			worst := time.Duration(0)
			for until := time.Now().Add(6 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
				begun := time.Now()
				r.exec(r.src, "INSERT INTO {}.k VALUES (-2, 'meanwhile')")
				worst = max(worst, time.Since(begun))
			}
			if worst > 5*time.Second {
				t.Errorf("writers waited for %s", worst)
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			t.Logf("writers waited for %s at most", worst)
			var n int
			if err := r.dst.DB().QueryRow("SELECT COUNT(*) FROM " + r.to + ".k WHERE id = -1").Scan(&n); err != nil || n != 1 {
				t.Errorf("the row of the open transaction is there %d times, %v", n, err)
			}
		})
	}
}
