package structure

import (
	"fmt"
	"testing"
	"time"
)

// A schema of many tables is read in seconds: definitions are not asked for
// one by one.
func TestReadManyTables(t *testing.T) {
	for _, name := range []string{"mysql", "mariadb"} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, pairs[name])
			var stmts []string
			const n = 150
			for i := range n {
				stmts = append(stmts, fmt.Sprintf("CREATE TABLE t%d (id INT PRIMARY KEY, a VARCHAR(20), b INT, KEY (b))", i))
			}
			p.exec(t, stmts...)
			begun := time.Now()
			m := p.read(t)
			took := time.Since(begun)
			t.Logf("%d tables in %s", n, took)
			if len(m.Tables) != n || took > 10*time.Second {
				t.Errorf("%d tables in %s", len(m.Tables), took)
			}
		})
	}
}
