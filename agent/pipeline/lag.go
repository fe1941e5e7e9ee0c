package pipeline

import (
	"context"
	"time"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/agent/snapshot"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/run"
)

const (
	// caughtUpLag is the lag below which a run counts as caught up, and
	// behindLag the one above which it no longer does: two values, so that the
	// state does not flicker.
	caughtUpLag = 3 * time.Second
	behindLag   = 15 * time.Second
	saveEvery   = 5 * time.Second
)

// watchLag measures once a second how far the target is behind, moves between
// catching up and caught up, and saves the position now and then.
func (s *session) watchLag(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var saved time.Time
	lastEqual := time.Now()
	for {
		lag, gap, err := s.measure(ctx, &lastEqual)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			s.r.lag(nil, nil) // not known now; the reader says whether the source is gone
			s.r.log.Debug().Err(err).Msg("lag cannot be measured")
		default:
			s.r.lag(lag, gap)
			s.settleState(lag)
		}
		if time.Since(saved) > saveEvery {
			saved = time.Now()
			if err := s.savePosition(ctx); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// measure returns the age of the oldest source transaction that is not at the
// frontier, and the log behind it. Both are 0 when the frontier contains all
// the source has executed.
func (s *session) measure(ctx context.Context, lastEqual *time.Time) (*float64, *uint64, error) {
	executed, err := s.source.Logged(ctx)
	if err != nil {
		return nil, nil, err
	}
	lag, gap := 0.0, uint64(0)
	if s.applier.Applied(executed) {
		*lastEqual = time.Now()
		return &lag, &gap, nil
	}
	if oldest := s.applier.Stats().Oldest; !oldest.IsZero() {
		lag = time.Since(oldest).Seconds()
	} else { // it is on its way to us: no older than when all was equal
		lag = time.Since(*lastEqual).Seconds()
	}
	lag = max(lag, 0.001) // something is missing, so it is not 0
	n, known, err := s.source.GapBytes(ctx, s.applier.Frontier())
	if err != nil || !known {
		return &lag, nil, err
	}
	return &lag, &n, nil
}

func (s *session) settleState(lag *float64) {
	select {
	case <-s.copied:
	default:
		return
	}
	behind := time.Duration(*lag * float64(time.Second))
	if s.errEntering() != nil {
		behind = max(behind, behindLag+1) // a whole table is missing
	}
	switch state := s.r.state(); {
	case state == run.CatchingUp && behind <= caughtUpLag:
		s.r.set(run.CaughtUp, "apply")
	case state == run.CaughtUp && behind > behindLag:
		s.r.set(run.CatchingUp, "apply")
	}
}

func (s *session) savePosition(ctx context.Context) error {
	phase := phaseCopy
	select {
	case <-s.copied:
		phase = phaseApply
	default:
	}
	st := s.r.Status()
	return s.r.save(ctx, recordPosition, positionRecord{Phase: phase, Position: s.applier.Frontier(), Applied: st.Applied, Conflicts: st.Conflicts, Saved: time.Now().UTC()})
}

// drain returns when all that the source had executed at the call is on the
// target.
func (s *session) drain(ctx context.Context) error {
	executed, err := s.source.Logged(ctx)
	if err != nil {
		return err
	}
	return s.applier.WaitFor(ctx, executed)
}

// fill puts the stages' numbers into the run's status.
func (s *session) fill(st *run.Status) {
	if s.applier != nil {
		a := s.applier.Stats()
		b := s.r.before // fill is called with the board locked
		st.Applied = run.Applied{Transactions: b.Transactions + uint64(a.Transactions), Rows: b.Rows + uint64(a.Rows), Batches: b.Batches + uint64(a.Batches)}
		st.Conflicts = s.r.conflicts + uint64(a.Conflicts)
		p := a.Frontier
		st.Position = run.Position{GTID: p.GTID, File: p.File, Offset: p.Offset}
	}
	s.fillTables(st)
}

// fillTables is asked every second, of many thousand tables.
func (s *session) fillTables(st *run.Status) {
	var progress map[int]snapshot.TableStats
	if s.copier != nil {
		stats := s.copier.Stats().Tables
		progress = make(map[int]snapshot.TableStats, len(stats))
		for _, t := range stats {
			progress[t.ID] = t
		}
	}
	var frontier *change.Set
	if s.applier != nil {
		frontier, _ = s.applier.Frontier().Set() // nil shows no table as live
	}
	st.Tables = st.Tables[:0]
	s.catalog.each(func(e *entry) {
		r := &e.row
		p, copied := progress[r.ID]
		if c := s.earlier[r.ID]; !copied && c != nil { // live: only the target still knows
			p.RowsDone, p.BytesDone = c.Rows, c.Bytes
		}
		st.Tables = append(st.Tables, run.Table{Source: e.source, Target: e.onTarget, State: s.tableState(r, p, copied, frontier),
			RowsDone: uint64(p.RowsDone), RowsEstimated: uint64(max(r.RowsEstimated, p.RowsEstimated, p.RowsDone, 0)), BytesDone: uint64(p.BytesDone)})
	})
}

func (s *session) tableState(r *ledger.TableRow, p snapshot.TableStats, copied bool, frontier *change.Set) string {
	switch {
	case r.State == ledger.Entering:
		return run.TablePending
	case !copied:
		return run.TableLive
	case p.State == ledger.Pending:
		return run.TablePending
	case p.State != ledger.Copied:
		return run.TableCopying
	case len(r.LeftOut) > 0:
		return run.TableIndex
	}
	if w := s.gate.Table(r.Source); frontier != nil && (w == nil || !w.Tolerant(frontier)) {
		return run.TableLive
	}
	return run.TableCopied
}
