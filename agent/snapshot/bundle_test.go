package snapshot

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// TestBundles copies many small tables: in few transactions, and those that do
// not go smoothly by themselves.
func TestBundles(t *testing.T) {
	for _, f := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(f), func(t *testing.T) {
			r := newRig(t, dbtest.Config{Flavor: f}, dbtest.Config{Flavor: f})
			var names []string
			create := func(name, columns string, stmts ...string) {
				r.create("CREATE TABLE {}." + name + " (" + columns + ")")
				r.exec(r.src, stmts...)
				names = append(names, name)
			}
			const plain = 96
			for i := range plain {
				name := fmt.Sprintf("plain_%d", i)
				create(name, "id INT NOT NULL PRIMARY KEY, v VARCHAR(100)")
				r.exec(r.src, fmt.Sprintf("INSERT INTO {}.%s SELECT 10*b.n + a.n AS x, REPEAT('x', a.n) FROM %s,%s HAVING x < %d", name, digits("a"), digits("b"), i))
			}
			create("more", "id INT NOT NULL PRIMARY KEY, v VARCHAR(100)")
			r.numbers("more", 2*fewRows)
			create("wide", "id INT NOT NULL PRIMARY KEY, v LONGTEXT", "INSERT INTO {}.wide SELECT 100*c.n + 10*b.n + a.n AS x, REPEAT('w', 6000) FROM "+digits("a")+","+digits("b")+","+digits("c")+" HAVING x < 900")
			create("taken", "id INT NOT NULL PRIMARY KEY, v VARCHAR(100)", "INSERT INTO {}.taken VALUES (1,'new')")
			r.execTo("INSERT INTO {}.taken VALUES (1,'old')")
			zero := r.src.Open(r.src.User, r.src.Password, r.from)
			defer zero.Close()
			zero.SetMaxOpenConns(1)
			create("zero", "id INT NOT NULL PRIMARY KEY, d DATE")
			for _, q := range []string{"SET sql_mode = ''", "INSERT INTO zero VALUES (1, '0000-00-00'), (2, '2024-02-00')"} {
				if _, err := zero.Exec(q); err != nil {
					t.Fatal(err)
				}
			}
			for _, name := range names {
				r.register(name)
			}
			for i := range r.tables {
				r.tables[i].Rows = 0 // what a server says of a table that was just filled
			}
			r.cfg.ChunkBytes = 16 << 20
			before := r.commits()
			r.run()
			if n := r.commits() - before; n > plain/2 {
				t.Errorf("%d tables were copied by %d transactions", len(names), n)
			} else {
				t.Logf("%d tables by %d transactions", len(names), n)
			}
			r.equal(names...)
			for i := range plain {
				r.covered(fmt.Sprintf("plain_%d", i), i)
			}
			r.covered("more", 2*fewRows)
		})
	}
}

// commits is how many transactions the target has committed.
func (r *rig) commits() int {
	r.Helper()
	var name, value string
	if err := r.text.QueryRow("SHOW GLOBAL STATUS LIKE 'Com_commit'").Scan(&name, &value); err != nil {
		r.Fatal(err)
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		r.Fatal(err)
	}
	return n
}

// TestLiveBundlesConverge is TestLiveCopyConverges with many tables of few rows.
func TestLiveBundlesConverge(t *testing.T) {
	for _, f := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(f), func(t *testing.T) {
			r := newRig(t, dbtest.Config{Flavor: f}, dbtest.Config{Flavor: f})
			r.cfg.ChunkBytes, r.cfg.MaxRows = 1, 1500
			var names []string
			for i := range 40 {
				for _, kind := range []string{"counted", "named", "hashed"} {
					names = append(names, fmt.Sprintf("%s_%d", kind, i))
				}
			}
			r.liveTables(6000, names...)
			r.live()
		})
	}
}
