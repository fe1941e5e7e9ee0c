package snapshot

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// TestDebt: a target that finds rows equal which the source keeps apart loses
// none of them silently (R17, C9), by INSERT and by LOAD DATA, whatever their key.
func TestDebt(t *testing.T) {
	keys := map[string]string{"integer": "id INT NOT NULL PRIMARY KEY", "with an enum": "e ENUM('y','x') NOT NULL DEFAULT 'x', id INT NOT NULL, PRIMARY KEY (e, id)"}
	for _, c := range []struct {
		flavor dbtest.Flavor
		unique string
	}{{dbtest.MySQL, "v"}, {dbtest.MySQL, "v(20)"}, {dbtest.MySQL, "(LOWER(v))"}, {dbtest.MariaDB118, "v(20)"}} {
		for name, key := range keys {
			for _, load := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %s %s load=%t", c.flavor, name, c.unique, load), func(t *testing.T) {
					r := newRig(t, dbtest.Config{Flavor: c.flavor}, dbtest.Config{Flavor: c.flavor})
					r.create("CREATE TABLE {}.w (v VARCHAR(100), " + key + ")")
					r.execTo("ALTER TABLE {}.w ADD UNIQUE (" + c.unique + ")")
					r.exec(r.src, "INSERT INTO {}.w (id, v) VALUES (1,'a'),(2,'b'),(3,'A'),(4,'c'),(5,'á'),(6,NULL),(7,NULL)")
					id := r.register("w")
					r.cfg.LoadData = load
					r.owes(id, r.run())
				})
			}
		}
	}
}

// TestDisplacesSeveral: one row of the source is in the place of three others, which
// hold a value each of three indexes that cannot be asked; all three are debts.
func TestDisplacesSeveral(t *testing.T) {
	r := newRig(t, dbtest.Config{}, dbtest.Config{})
	r.create("CREATE TABLE {}.w (id INT NOT NULL PRIMARY KEY, a VARCHAR(30), b VARCHAR(30), c VARCHAR(30))")
	r.execTo("ALTER TABLE {}.w ADD UNIQUE (a(9)), ADD UNIQUE (b(9)), ADD UNIQUE ((LOWER(c)))", "INSERT INTO {}.w VALUES (1,'x','',''),(2,NULL,'y','1'),(3,NULL,NULL,'z'),(4,'w','w','w')")
	r.exec(r.src, "INSERT INTO {}.w VALUES (9,'x','y','Z')")
	id := r.register("w")
	r.run()
	debts, err := r.ledger.Debts(t.Context(), id, 0)
	if err != nil || len(debts) != 3 {
		t.Errorf("debts %v, %v", debts, err)
	}
}

// TestStaleDebt: a statement behind the window has given the table another key, of
// which the debts' values are none. They are told, and stop nothing; nor do those of
// a table that is gone.
func TestStaleDebt(t *testing.T) {
	r := newRig(t, dbtest.Config{}, dbtest.Config{})
	r.create("CREATE TABLE {}.w (v VARCHAR(100), id INT NOT NULL PRIMARY KEY)")
	r.execTo("ALTER TABLE {}.w ADD UNIQUE (v)")
	r.exec(r.src, "INSERT INTO {}.w VALUES ('a',1),('A',2),('á',3)")
	id := r.register("w")
	c := r.run()
	r.execTo("RENAME TABLE {}.w TO {}.on_its_way")
	if open, stale, err := c.Settle(t.Context(), id); err != nil || len(open) != 2 || stale != 0 {
		t.Errorf("while the target's table is under another name: open %v, %d stale, %v", open, stale, err)
	}
	r.execTo("RENAME TABLE {}.on_its_way TO {}.w")
	known := *r.source_[id]
	known.Columns = slices.Clone(known.Columns)
	known.Columns[1].Type = "bigint"
	r.source_[id] = &known
	if open, stale, err := c.Settle(t.Context(), id); err != nil || len(open) != 0 || stale != 2 {
		t.Errorf("with another key: open %v, %d stale, %v", open, stale, err)
	}
	if left, err := r.ledger.Debts(t.Context(), id, 0); err != nil || len(left) != 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}

// owes checks that two of the seven rows are debts until they are nowhere.
func (r *rig) owes(id int, c *Copier) {
	r.Helper()
	debts, err := r.ledger.Debts(context.Background(), id, 0)
	if err != nil {
		r.Fatal(err)
	}
	var n int
	if err := r.dst.DB().QueryRow("SELECT COUNT(*) FROM " + r.to + ".w").Scan(&n); err != nil {
		r.Fatal(err)
	}
	if n+len(debts) != 7 || len(debts) != 2 {
		r.Errorf("%d rows on the target, debts %v: want 5 and 2", n, debts)
	}
	open := func(want int, when string) {
		r.Helper()
		if open, stale, err := c.Settle(context.Background(), id); err != nil || stale > 0 || len(open) != want {
			r.Errorf("%s: open %v, %d of another key, %v", when, open, stale, err)
		}
	}
	open(2, "while both rows are on the source")
	r.exec(r.src, "ALTER TABLE {}.w RENAME COLUMN id TO nr")
	open(2, "while the source has another name for the key than is known")
	r.exec(r.src, "ALTER TABLE {}.w ADD id VECTOR(3)")
	open(2, "while another column has the key's name")
	r.exec(r.src, "ALTER TABLE {}.w DROP id", "ALTER TABLE {}.w RENAME COLUMN nr TO id", "DELETE FROM {}.w")
	open(0, "rows that are nowhere")
}
