package structure

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/fault"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// step is a part of a statement that the target carries out as a whole, or
// that may be repeated.
type step struct {
	sql     []string
	objects []schema.ID // in the target's names; an empty Name is the database
	repeat  bool        // running it once more changes nothing
	anyFK   bool        // run with foreign_key_checks off
	indexes bool        // it makes indexes, and one that is there is made
	told    bool        // what SHOW CREATE says after it is never what it said before

	// after reports whether the objects are what they are after the step; before
	// and now are in the order of objects.
	after func(before, now []ledger.Object) bool
}

// stepAt is a step's place: the statement's batch and its number in it.
type stepAt struct {
	seq uint64
	n   int
}

// decision is what an unfinished intent asks for.
type decision uint8

const (
	run decision = iota
	ran
	unclear
)

// decide compares what the target held before a step with what it holds now.
// The lock is held, so nothing of the step still runs, and nobody else changes
// these objects.
func (s *step) decide(before, now []ledger.Object) decision {
	same := len(before) == len(now)
	for i := range before {
		same = same && before[i].Equal(now[i])
	}
	switch {
	case same || s.repeat:
		return run
	case len(before) == len(now) && s.after != nil && s.after(before, now):
		return ran
	default:
		return unclear
	}
}

// step brings one step to its end, wherever an earlier attempt left it. The
// last step's intent is marked done by the caller, with the ledger.
func (x *Executor) step(ctx context.Context, lock *ledger.Lock, p *plan, at stepAt, noted map[int]ledger.Intent) error {
	s := &p.steps[at.n]
	text := strings.Join(s.sql, ";\n")
	in, known := noted[at.n]
	if known && in.Done {
		return nil
	}
	now, err := observe(ctx, lock.Conn, x.deps.Carrier.Target, s.objects, s.identified(in))
	if err != nil {
		return err
	}
	todo := run
	if known {
		if todo = s.decide(in.Objects, now); todo == unclear {
			return unclearError(in, now)
		}
	} else if err := x.deps.Ledger.Intend(ctx, ledger.Intent{Seq: at.seq, Step: at.n, Statement: text, Objects: now}); err != nil {
		return err
	}
	fault.At("ddl-intended")
	if todo == run {
		if err := x.run(ctx, lock, p, s); err != nil {
			if e := x.withdraw(ctx, s, at, err); e != nil || mysql.Number(err) != columnsInPlace || p.rebuilt {
				return errors.Join(err, e)
			}
			p.rebuilt = true
			delete(noted, at.n)
			if err := x.rebuild(ctx, lock, s.objects); err != nil {
				return err
			}
			return x.step(ctx, lock, p, at, noted)
		}
	}
	fault.At("ddl-run")
	if at.n == len(p.steps)-1 {
		return nil
	}
	return x.deps.Ledger.Transaction(ctx, "end a step of "+p.what, func(tx *sql.Tx) error {
		return x.deps.Ledger.IntentDone(ctx, tx, at.seq, at.n)
	})
}

// rebuild gives tables the form that a new one has. A MySQL adds columns in place,
// which the source need not have done, and then takes no EXCHANGE PARTITION. No
// intent stands meanwhile: the tables get other numbers in InnoDB.
func (x *Executor) rebuild(ctx context.Context, lock *ledger.Lock, tables []schema.ID) error {
	for _, id := range tables {
		if err := lock.Check(ctx); err != nil {
			return err
		}
		q := "ALTER TABLE " + quoteID(id) + " FORCE"
		if err := alterTable(ctx, lock.Conn, q, definitionSettings(x.deps.Carrier.Target)); err != nil {
			return statementError(q, err)
		}
	}
	return nil
}

// identified reports whether InnoDB's numbers of the step's tables are needed, which
// MySQL finds among those of all of its tables only.
func (s *step) identified(in ledger.Intent) bool {
	noted := slices.ContainsFunc(in.Objects, func(o ledger.Object) bool { return o.Identity != nil })
	return noted || !s.repeat && !s.told
}

func (x *Executor) run(ctx context.Context, lock *ledger.Lock, p *plan, s *step) error {
	if err := lock.Check(ctx); err != nil {
		return err
	}
	settings := p.settings
	if s.anyFK {
		settings = append(settings[:len(settings):len(settings)], setting{name: "foreign_key_checks", value: "OFF", reset: "OFF"})
	}
	return with(ctx, lock.Conn, settings, func() error {
		for _, q := range s.sql {
			err := x.statement(ctx, lock.Conn, p, s, q)
			if s.indexes && mysql.Number(err) == duplicateKeyName {
				continue
			}
			if err != nil {
				return statementError(q, err)
			}
		}
		return nil
	})
}

// withdraw forgets a step of one statement that the target has refused, of which
// nothing is done: whoever follows the remedy may change its tables, and must not
// be taken for the statement.
func (x *Executor) withdraw(ctx context.Context, s *step, at stepAt, refusal error) error {
	if e, ok := errors.AsType[*mysql.Error](refusal); !ok || e.Code != refusedByTarget || len(s.sql) != 1 {
		return nil
	}
	return x.deps.Ledger.Withdraw(ctx, at.seq, at.n)
}

// statement runs one. Rows that are copied anew behind it, since it makes others
// of them here than on the source, shall not stand in its way: they are deleted
// where the target takes one of them for wrong. (TRUNCATE would look like an ALTER
// TABLE that has run.)
func (x *Executor) statement(ctx context.Context, conn *sql.Conn, p *plan, s *step, q string) error {
	_, err := conn.ExecContext(ctx, q)
	if !s.anyFK || len(p.changes.Recopy) == 0 || !mysql.Refused(err) && !mysql.Duplicate(err) {
		return err
	}
	for _, id := range p.changes.Recopy {
		target, ok := x.deps.Carrier.Selection.target(id)
		if !ok {
			return err
		}
		if e := deleteAll(ctx, conn, target); e != nil {
			return errors.Join(err, e)
		}
	}
	_, err = conn.ExecContext(ctx, q)
	return err
}

// deleteAll deletes a table's rows, some at a time.
func deleteAll(ctx context.Context, conn *sql.Conn, id schema.ID) error {
	for {
		done, err := conn.ExecContext(ctx, "DELETE FROM "+quoteID(id)+" LIMIT 20000")
		if err != nil {
			return fmt.Errorf("delete the rows of %s on the target, which are copied anew: %w", id, err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err
		}
	}
}

const (
	duplicateKeyName = 1061
	columnsInPlace   = 1731 // columns were added to one of two tables in place, and not to the other
)

// refusedByTarget is the code of a statement that the target does not run.
const refusedByTarget = "ddl"

func statementError(q string, err error) error {
	err = fmt.Errorf("run on the target %.2000q: %w", q, err)
	if mysql.Number(err) == 0 || mysql.Classify(err) == mysql.Transient {
		return err
	}
	return &mysql.Error{Class: mysql.Config, Code: refusedByTarget, Err: err,
		Remedy: "the source ran this statement and the target refuses it: make it possible there (or make the same change there by hand in a form the target takes, undo it, and report it), then retry"}
}

func unclearError(in ledger.Intent, now []ledger.Object) error {
	var was, is []string
	for _, o := range in.Objects {
		was = append(was, o.String())
	}
	for _, o := range now {
		is = append(is, o.String())
	}
	return &mysql.Error{Class: mysql.Fatal, Code: "ddl_unclear",
		Err: fmt.Errorf("it cannot be told whether %.500q ran to its end on the target before the interruption; before it: %s; now: %s",
			in.Statement, strings.Join(was, ", "), strings.Join(is, ", ")),
		Remedy: fmt.Sprintf("bring the objects to the state after the statement and UPDATE `_tidegate`.`intent` SET done = 1 WHERE seq = %d AND step = %d, or to the state before it and DELETE that row; then retry", in.Seq, in.Step)}
}

// The conditions that hold after a step.

func exists(_, now []ledger.Object) bool { return now[0].Exists }

func absent(_, now []ledger.Object) bool { return !now[0].Exists }

// changed: the first object is there and is not what it was.
func changed(before, now []ledger.Object) bool {
	return now[0].Exists && !now[0].Equal(before[0])
}

// moved: objects come in pairs of old and new name; the data of every old name
// is under the new one. An ALTER may rebuild while it renames, so where the
// number is gone from both, names decide.
func moved(before, now []ledger.Object) bool {
	for i := 0; i+1 < len(before); i += 2 {
		if !now[i+1].Exists {
			return false
		}
		if id, ok := number(before[i]); ok && !allAbsent(before, now, i) {
			if n, _ := number(now[i+1]); n != id {
				return false
			}
		}
	}
	return true
}

// number is the one that stands for a table: its own, or its first partition's.
func number(o ledger.Object) (uint64, bool) {
	if n, ok := o.Identity[""]; ok {
		return n, o.Exists
	}
	var least uint64
	for _, n := range o.Identity {
		if least == 0 || n < least {
			least = n
		}
	}
	return least, o.Exists && least > 0
}

// allAbsent: the old name is free now and the new one was free before.
func allAbsent(before, now []ledger.Object, i int) bool {
	return !now[i].Exists && !before[i+1].Exists
}

// exchanged: a partition has the number that the table had, and the table the
// partition's. A table that somebody has rebuilt has a new one.
func exchanged(before, now []ledger.Object) bool {
	for name, n := range before[0].Identity {
		if n == now[1].Identity[""] && before[1].Identity[""] == now[0].Identity[name] {
			return true
		}
	}
	return false
}
