package integration

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
)

// TestStartUnderDDL: tables are altered, made and dropped around the start position
// and while they are carried over. Each statement is in the definitions or in the
// log behind the position, and not in both (R14).
func TestStartUnderDDL(t *testing.T) {
	if testing.Short() {
		t.Skip("needs servers; not with -short")
	}
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			s, p := site.New(t), site.SharedPair(t, flavor, flavor)
			site.DropLater(t, p.Src, "begun")
			site.DropLater(t, p.Dst, "begun")
			site.Execute(t, p.Src, "CREATE DATABASE begun")
			for i := range 60 {
				site.Execute(t, p.Src, fmt.Sprintf("CREATE TABLE begun.t%d (id INT PRIMARY KEY)", i), fmt.Sprintf("INSERT INTO begun.t%d VALUES (1)", i))
			}
			s.Dev()
			until := time.Now().Add(4 * time.Second)
			var g errgroup.Group
			g.Go(func() error {
				for n := 0; time.Now().Before(until); n++ {
					for _, q := range []string{fmt.Sprintf("ALTER TABLE begun.t%d ADD COLUMN c%d INT DEFAULT 7", n%60, n), fmt.Sprintf("CREATE TABLE begun.u%d (id INT PRIMARY KEY)", n), fmt.Sprintf("DROP TABLE begun.u%d", n)} {
						if _, err := p.Src.DB().Exec(q); err != nil {
							return err
						}
					}
					time.Sleep(60 * time.Millisecond)
				}
				return nil
			})
			s.Apply(s.Write("p.hcl", p.File("objects {\n    database \"begun\" {}\n  }")))
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
			s.CaughtUpTo(t, p)
			site.Equal(t, p, "begun", "begun")
		})
	}
}
