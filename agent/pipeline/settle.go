package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// settleLooks is how often an open debt is looked at, each time after the
// applier has passed the source's position of the look before.
const settleLooks = 10

// settleTogether is how many tables leave their windows at once.
const settleTogether = 500

// settleWindows waits for every table to leave its window, settles what its
// copy owes, and notes the table as live.
func (s *session) settleWindows(ctx context.Context) error {
	if err := s.awaitCopied(ctx); err != nil {
		return err
	}
	rows := slices.DeleteFunc(s.catalog.rows(), func(r ledger.TableRow) bool { return !toCopy(r) })
	for some := range slices.Chunk(rows, settleTogether) {
		ids := make([]int, len(some))
		for i, r := range some {
			ids[i] = r.ID
			if err := s.awaitWindow(ctx, r); err != nil {
				return err
			}
		}
		if err := s.eachIndebted(ctx, some, s.settle); err != nil {
			return err
		}
		if err := s.ledger.SetState(ctx, ledger.Copied, ledger.Live, ids...); err != nil {
			return err
		}
	}
	return nil
}

// eachIndebted runs f for those of the tables whose copy owes rows.
func (s *session) eachIndebted(ctx context.Context, rows []ledger.TableRow, f func(context.Context, ledger.TableRow) error) error {
	ids, err := s.ledger.Indebted(ctx)
	if err != nil || len(ids) == 0 {
		return err
	}
	for _, r := range rows {
		if slices.Contains(ids, r.ID) {
			if err := f(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// awaitWindow returns when the frontier contains the table's last high mark.
func (s *session) awaitWindow(ctx context.Context, r ledger.TableRow) error {
	t := s.gate.Table(r.Source)
	if t == nil {
		return nil
	}
	high, _ := t.High()
	return s.applier.WaitFor(ctx, high)
}

// settle removes the debts that are paid. One that stays open is a row which
// the target cannot hold beside another: it compares more widely than the
// source (R17), or the source holds rows that its own unique key forbids.
func (s *session) settle(ctx context.Context, r ledger.TableRow) error {
	var open []ledger.Debt
	var err error
	for range settleLooks {
		open, err = s.ask(ctx, r)
		if err == nil && len(open) == 0 || err != nil && mysql.Number(err) == 0 {
			return err
		}
		if err := s.drain(ctx); err != nil {
			return err
		}
		if err := sleep(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if s.spec.Apply.OnConflict != spec.ConflictFail {
		s.r.log.Warn().Stringer("table", r.Target).Int("rows", len(open)).Msg("rows that the target finds equal to others are missing there")
		return nil
	}
	return errUnpaid(r, open)
}

// ask removes the debts of a table that are paid, and tells of those that are past
// asking for.
func (s *session) ask(ctx context.Context, r ledger.TableRow) ([]ledger.Debt, error) {
	open, stale, err := s.copier.Settle(ctx, r.ID)
	if stale > 0 {
		s.r.deps.Sink.Event(run.Event{Kind: "debt", Message: fmt.Sprintf("%d rows that the copy had removed from %s to make room were not looked for again: the table has another key since; tidegate verify compares them", stale, r.Target)})
	}
	return open, err
}

func errUnpaid(r ledger.TableRow, open []ledger.Debt) error {
	if len(open) == 0 {
		return nil
	}
	return &mysql.Error{Class: mysql.Data, Code: "conflict",
		Err:    fmt.Errorf("%d rows of %s are missing on the target, which finds them equal to others; the first has the key (%s)", len(open), r.Target, strings.Join(open[0].Key, ", ")),
		Remedy: "compare the unique keys and collations of both sides: the target must not compare more widely than the source, nor may the source hold rows that its own unique keys forbid (loaded with unique_checks off); mend it there and start the pipeline anew"}
}
