package ledger

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Ledger is one run's control rows as one owner sees them. DB is a pool of text
// sessions on the target.
type Ledger struct {
	DB    *sql.DB
	Run   string
	Epoch uint64 // the owner's fencing number
}

// ErrFenced says that a newer owner has taken the run over: nothing may be
// written any more.
var ErrFenced = errors.New("the run has a newer owner")

// ErrNoRun says that the target has no row of this run.
var ErrNoRun = errors.New("the target has no row of this run")

// ErrOutOfStep says that a lane's row is not where its owner left it although
// the owner is the same.
var ErrOutOfStep = errors.New("the ledger is not where its owner left it")

func (l *Ledger) fenced(found uint64) error {
	return &mysql.Error{Class: mysql.Fatal, Code: "fenced",
		Err:    fmt.Errorf("run %s: epoch %d is on the target, ours is %d: %w", l.Run, found, l.Epoch, ErrFenced),
		Remedy: "another agent runs this pipeline now; nothing is to be done here"}
}

func (l *Ledger) noRun() error {
	return &mysql.Error{Class: mysql.Fatal, Code: "ledger_missing", Err: fmt.Errorf("run %s: %w", l.Run, ErrNoRun),
		Remedy: "if the run had begun, its control rows were removed from _tidegate on the target: restore them, or start the pipeline anew"}
}

func (l *Ledger) outOfStep(what string) error {
	return &mysql.Error{Class: mysql.Fatal, Code: "ledger_changed", Err: fmt.Errorf("run %s: %s: %w", l.Run, what, ErrOutOfStep),
		Remedy: "something else changed _tidegate.ledger on the target; start the pipeline anew unless the rows can be restored"}
}
