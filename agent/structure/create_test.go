package structure

import "testing"

// After a crash, a newer reading gives the name that a child of an earlier owner
// refers to to a table with partitions: the old child goes before that is made.
func TestOldChildrenGoFirst(t *testing.T) {
	p := newPair(t, pairs["mysql"])
	p.exec(t, "CREATE TABLE parent (id INT PRIMARY KEY)", "CREATE TABLE child (id INT PRIMARY KEY, p INT, CONSTRAINT f FOREIGN KEY (p) REFERENCES parent (id))")
	createAll(t, p, p.read(t))
	p.exec(t, "ALTER TABLE parent RENAME moved", "CREATE TABLE parent (id INT PRIMARY KEY) PARTITION BY KEY (id) PARTITIONS 2")
	later := p.read(t)
	if _, err := (&Creator{Carrier: p.Carrier, OnExists: "fail", Definer: "keep"}).Create(t.Context(), p.conn, later); err != nil {
		t.Fatal(err)
	}
	compareAll(t, p, later)
}
