package ledger_test

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/faultnet"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// TestThrownAwayStays throws a table's copy away and then does what a copy does
// that has not heard of it: nothing of that may make the table pass for one that
// is being copied, or has been.
func TestThrownAwayStays(t *testing.T) {
	onEach(t, thrownAway)
}

func thrownAway(t *testing.T, db *sql.DB) {
	ctx, l := t.Context(), begin(t, db, "thrown-away", 1)
	id := schema.ID{Schema: "d", Name: "t"}
	if err := l.Register(ctx, []ledger.TableRow{{ID: 1, Source: id, Target: id, State: ledger.Pending, Definition: &schema.Table{}}}); err != nil {
		t.Fatal(err)
	}
	chunk := []ledger.Chunk{{Table: 1}}
	for range 2 { // the second time as after a lost answer
		if err := l.HandOut(ctx, chunk); err != nil {
			t.Fatal(err)
		}
	}
	done := func(rows int64) error { return l.DoneIn(ctx, db, chunk[0], ledger.Done{Rows: rows}) }
	if err := done(1); err != nil {
		t.Fatal(err)
	}
	if err := done(2); !errors.Is(err, ledger.ErrThrownAway) {
		t.Fatalf("a range is done twice: %v", err)
	}
	if err := l.Discard(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if err := done(3); !errors.Is(err, ledger.ErrThrownAway) {
		t.Fatalf("a range that is thrown away is done: %v", err)
	}
	if err := l.HandOut(ctx, chunk); !errors.Is(err, ledger.ErrThrownAway) {
		t.Fatalf("a range is handed out: %v", err)
	}
	if err := l.BeginExact(ctx, "", 1); !errors.Is(err, ledger.ErrThrownAway) {
		t.Fatalf("a copy in one snapshot begins: %v", err)
	}
	for _, move := range [][2]ledger.TableState{{ledger.Copying, ledger.Copied}, {ledger.Copied, ledger.Live}} {
		if err := l.SetState(ctx, move[0], move[1], 1); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := l.Tables(ctx)
	if err != nil || len(rows) != 1 || rows[0].State != ledger.Emptying {
		t.Fatalf("the table is in %v, %v", rows, err)
	}
	states, err := l.CopyStates(ctx, change.MySQL)
	if err != nil || len(states) != 0 {
		t.Fatalf("ranges are noted: %v, %v", states, err)
	}
	if err := l.HandOut(ctx, []ledger.Chunk{{Table: 2}}); !errors.Is(err, ledger.ErrThrownAway) {
		t.Fatalf("a range of a table that is not there is handed out: %v", err)
	}
}

// TestUnansweredCommit: a COMMIT that happened and that no server answered is told
// as one that may have happened.
func TestUnansweredCommit(t *testing.T) {
	for _, flavor := range servers {
		t.Run(string(flavor), func(t *testing.T) {
			server := dbtest.Shared(t, dbtest.Config{Flavor: flavor})
			link := faultnet.Listen(t, server.Addr)
			ep := server.Endpoint()
			ep.Address, ep.TLS = link.Addr(), spec.TLS{Mode: spec.TLSDisabled}
			begin(t, openLedger(t, server.Endpoint()), "unanswered", 1)
			l := &ledger.Ledger{DB: openLedger(t, ep), Run: "unanswered", Epoch: 5}
			link.LoseAnswers("COMMIT", 1)
			err := l.Transaction(t.Context(), "move on", func(tx *sql.Tx) error {
				_, err := tx.ExecContext(t.Context(), "UPDATE _tidegate.run SET phase = 'there' WHERE run = 'unanswered'")
				return err
			})
			if !errors.Is(err, mysql.ErrOutcomeUnknown) {
				t.Errorf("told as %v", err)
			}
			var phase string
			err = server.DB().QueryRowContext(t.Context(), "SELECT phase FROM _tidegate.run WHERE run = 'unanswered'").Scan(&phase)
			if err != nil || phase != "there" {
				t.Errorf("the run's phase is %q: %v", phase, err)
			}
		})
	}
}
