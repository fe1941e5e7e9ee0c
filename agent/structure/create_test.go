package structure

import "testing"

// A newer reading gives a name that an old child refers to to a table with
// partitions: the old child goes before that is made.
func TestOldChildrenGoFirst(t *testing.T) {
	p := newPair(t, pairs["mysql"])
	p.exec(t, "CREATE TABLE parent (id INT PRIMARY KEY)", "CREATE TABLE child (id INT PRIMARY KEY, p INT, CONSTRAINT f FOREIGN KEY (p) REFERENCES parent (id))")
	earlier := p.read(t)
	createAll(t, p, earlier)
	p.exec(t, "ALTER TABLE parent RENAME moved", "CREATE TABLE parent (id INT PRIMARY KEY) PARTITION BY KEY (id) PARTITIONS 2")
	later := p.read(t)
	if _, err := (&Creator{Carrier: p.Carrier, OnExists: "fail", Definer: "keep"}).Create(t.Context(), p.conn, later, earlier); err != nil {
		t.Fatal(err)
	}
	compareAll(t, p, later)
}
