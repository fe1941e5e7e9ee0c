package integration

import (
	"context"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
)

// TestWriteWhileFinished writes to a source without a fence while a cutover waits
// for a lock to finish the target, where another lock keeps the write from
// arriving: the cutover is given up, and the one after it carries the write.
func TestWriteWhileFinished(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			s, p := site.New(t), site.SharedPair(t, flavor, flavor)
			site.DropLater(t, p.Src, "last")
			site.DropLater(t, p.Dst, "last")
			site.Execute(t, p.Src, "CREATE DATABASE last", "CREATE TABLE last.counted (id INT AUTO_INCREMENT PRIMARY KEY)", "INSERT INTO last.counted VALUES (1)",
				"CREATE TABLE last.written (id INT PRIMARY KEY, v INT)", "INSERT INTO last.written VALUES (1,1)")
			s.Dev()
			s.Apply(s.Write("p.hcl", p.File("objects {\n    database \"last\" {}\n  }\n  cutover {\n    hold         = \"300ms\"\n    fence_source = false\n    timeout      = \"20s\"\n  }")))
			s.CaughtUpTo(t, p)
			undoes, looker, holder := session(t, p.Src), p.Dst.Session(t), session(t, p.Dst)
			undoes("BEGIN", "INSERT INTO last.counted VALUES (9)", "ROLLBACK") // moves a counter past the log
			for _, q := range []string{"BEGIN", "SELECT * FROM last.counted"} {
				if _, err := looker.ExecContext(t.Context(), q); err != nil {
					t.Fatal(err)
				}
			}
			holder("BEGIN", "SELECT * FROM last.written FOR UPDATE")
			finishing := make(chan struct{})
			t.Cleanup(func() { <-finishing })
			go func() {
				defer close(finishing)
				const waits = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'ALTER TABLE%counted%AUTO_INCREMENT%' AND STATE LIKE '%metadata lock%'"
				for n := 0; t.Context().Err() == nil && n == 0; time.Sleep(10 * time.Millisecond) {
					p.Dst.DB().QueryRow(waits).Scan(&n)
				}
				p.Src.DB().Exec("UPDATE last.written SET v = 2") // not written, the cutover would be done
				if _, err := looker.ExecContext(context.Background(), "COMMIT"); err != nil {
					t.Error(err)
				}
			}()
			undone(t, s, p, "while the target was finished")
			<-finishing
			holder("COMMIT")
			s.CaughtUpTo(t, p)
			if a := s.Call("cutover", "p", "--wait"); a.Code != 0 {
				t.Fatalf("cutover: %s", a)
			}
			s.Must("wait", "p", "--for", "completed", "--timeout", "30s")
			site.Equal(t, p, "last", "last")
		})
	}
}
