package structure

import (
	"testing"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// A target that has added columns in place gets its tables rebuilt for EXCHANGE
// PARTITION, and a crash on the way leaves nothing unclear.
func TestExchangeAfterColumnsInPlace(t *testing.T) {
	r := newReplay(t, pairs["mysql"])
	r.both(t, "CREATE TABLE p (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))",
		"ALTER TABLE p ADD COLUMN z INT, ALGORITHM=COPY", "CREATE TABLE o (id INT PRIMARY KEY, z INT)")
	r.exec(t, "INSERT INTO p VALUES (1, 1), (11, 1)", "INSERT INTO o VALUES (2, 2)")
	r.onTarget(t, "INSERT INTO p VALUES (1, 1), (11, 1)", "INSERT INTO o VALUES (2, 2)")
	exchange := "ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE o"
	r.crash(t, exchange)
	r.same(t)
	var left int
	if err := r.dst.QueryRowContext(t.Context(), "SELECT id FROM "+mysql.Table(r.schema+"_to", "p")+" PARTITION (p0)").Scan(&left); err != nil || left != 2 {
		t.Errorf("the partition has row %d, %v", left, err)
	}
}

// TestExchangeWithLeftOutIndexes: tables that exchange a partition have their
// indexes before, whichever of them lacks some, and whatever an earlier attempt made.
func TestExchangeWithLeftOutIndexes(t *testing.T) {
	for _, name := range []string{"mysql", "mariadb"} {
		t.Run(name, func(t *testing.T) {
			r := newReplay(t, pairs[name])
			r.DeferIndexes = true
			r.exec(t, "CREATE TABLE p (id INT PRIMARY KEY, v INT, x TEXT, KEY kv (v), KEY kx (x(5))) PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN MAXVALUE)",
				"CREATE TABLE q (id INT PRIMARY KEY, v INT, x TEXT, KEY kv (v), KEY kx (x(5)))", "INSERT INTO p VALUES (1, 1, 'a'), (11, 11, 'b')", "INSERT INTO q VALUES (2, 2, 'c')")
			m := r.read(t)
			made := createAll(t, r.pair, m)
			p, q := m.Tables[0].ID(), m.Tables[1].ID()
			for i, table := range m.Tables {
				if r.reg.defs[table.ID()], r.reg.left[table.ID()] = table.Definition, made.Tables[i].LeftOut; len(made.Tables[i].LeftOut) != 2 {
					t.Fatalf("left out: %q", made.Tables[i].LeftOut)
				}
			}
			r.onTarget(t, "ALTER TABLE q ADD KEY kx (x(5))") // and the agent ended
			r.both(t, "ALTER TABLE p EXCHANGE PARTITION a WITH TABLE q")
			if left := append(r.reg.left[p], r.reg.left[q]...); len(left) != 0 {
				t.Fatalf("left out: %q", left)
			}
			r.same(t)
		})
	}
}
