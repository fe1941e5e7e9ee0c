package ledger_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// An owner that stands still in the middle of a transaction, be it a chunk, a
// note or a statement under the run's lock, must not keep the next one out until
// the server's time-outs end it.
func TestTakeOverEndsAnOwnerThatStandsStill(t *testing.T) {
	for _, flavor := range servers {
		t.Run(string(flavor), func(t *testing.T) {

			s := dbtest.Shared(t, dbtest.Config{Flavor: flavor})
			conn, err := mysql.Dial(t.Context(), s.Endpoint())
			if err != nil {
				t.Fatal(err)
			}
			const run = "still"
			owner := func(opts ...mysql.Option) *sql.DB {
				db, err := conn.Open(mysql.Text, 4, append(opts, mysql.Several())...)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { db.Close() })
				return db
			}
			mine, theirs := owner(ledger.Marked(run)), owner(ledger.Marked(run))
			if err := ledger.Create(t.Context(), mine); err != nil {
				t.Fatal(err)
			}
			old := begin(t, theirs, run, 2)
			still, err := theirs.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer still.Rollback()
			if err := old.Fence(t.Context(), still); err != nil {
				t.Fatal(err)
			}

			ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
			defer cancel()
			next := &ledger.Ledger{DB: mine, Run: run, Epoch: 6}
			st, err := next.TakeOver(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if st.Run.Epoch != 6 {
				t.Errorf("the run has epoch %d", st.Run.Epoch)
			}
			if err := still.Commit(); err == nil {
				t.Error("the old owner's transaction was committed after it was fenced")
			}
			var n int
			if err := theirs.QueryRowContext(t.Context(), "SELECT 1").Scan(&n); err != nil {
				t.Errorf("the old owner's pool does not recover: %v", err)
			}
		})
	}
}
