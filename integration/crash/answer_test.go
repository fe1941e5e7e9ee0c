package crash

import (
	"fmt"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
)

// TestLostAnswerOfStatement loses the answer to the COMMIT behind a statement that
// changes definitions: it is done, and what follows meets the new ones. Columns
// trade their names, a table goes and comes back as another, and one is made.
func TestLostAnswerOfStatement(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			r := newRig(t, site.SharedPair(t, flavor, flavor), "told", 10)
			site.Execute(t, r.Src, "CREATE TABLE told.swap (id INT PRIMARY KEY, a INT NOT NULL, b INT NOT NULL)", "INSERT INTO told.swap VALUES (1,1,2),(2,1,2)",
				"CREATE TABLE told.away (id INT PRIMARY KEY, v INT)")
			r.daemon = r.Daemon("--lease", "3s")
			r.agent = r.start("one")
			r.Apply(r.Write("p.hcl", r.file("")))
			r.caught()
			for _, q := range []string{"ALTER TABLE told.swap CHANGE a b INT NOT NULL, CHANGE b a INT NOT NULL", "RENAME TABLE told.away TO told.back", "DROP TABLE told.back",
				"CREATE TABLE told.made (id INT PRIMARY KEY, a INT, b INT)"} {
				lost := r.target.LoseAnswersAfter("`_tidegate`.`intent` SET done", commit, 1)
				site.Execute(t, r.Src, q)
				r.Until(limit, "the answer to get lost", func() (bool, string) { return lost.Load() > 0, fmt.Sprint(lost.Load()) })
				r.target.Heal()
				if q[0] != 'C' {
					site.Execute(t, r.Src, "UPDATE told.swap SET a = a + 10 WHERE id = 1", "REPLACE INTO told.swap (id, a, b) VALUES (3, 7, 8)")
				} else {
					site.Execute(t, r.Src, "INSERT INTO told.made VALUES (1, 2, 3)")
				}
				r.caught()
				site.Equal(t, r.Pair, r.name, r.name)
			}
		})
	}
}
