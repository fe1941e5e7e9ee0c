package pipeline

import (
	"context"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// TestSilent writes to a source that a cutover takes for silent: before the look,
// and on MariaDB, whose read_only some accounts pass, while it is watched.
func TestSilent(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			server := dbtest.Start(t, dbtest.Config{Flavor: flavor}) // nobody else writes to it
			s := atSource(t, server)
			table := server.NewSchema(t) + ".t"
			write := func(q string) {
				t.Helper()
				if _, err := server.DB().ExecContext(context.Background(), q); err != nil {
					t.Error(err)
				}
			}
			logged := func() *change.Set {
				t.Helper()
				at, err := s.source.Logged(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return at
			}
			write("CREATE TABLE " + table + " (id INT PRIMARY KEY)")
			at := logged()
			for _, fenced := range []bool{false, true} {
				if err := s.silent(t.Context(), at, fenced); err != nil {
					t.Errorf("fenced %v, nobody writes: %v", fenced, err)
				}
			}
			write("INSERT INTO " + table + " VALUES (1)")
			for _, fenced := range []bool{false, true} {
				if s.silent(t.Context(), at, fenced) == nil {
					t.Errorf("fenced %v: a write before the look was not seen", fenced)
				}
			}
			if s.src.Server.Flavor != mysql.MariaDB {
				return
			}
			time.AfterFunc(fenceWatch/3, func() { write("INSERT INTO " + table + " VALUES (2)") })
			if s.silent(t.Context(), logged(), true) == nil {
				t.Error("a write under the fence was not seen")
			}
		})
	}
}
