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
	var g gauge
	for {
		lag, gap, err := s.measure(ctx, &g)
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
		if err := s.followLag(ctx, &g, tick.C); err != nil {
			return err
		}
	}
}

// followLag watches until the next tick what comes to the target.
func (s *session) followLag(ctx context.Context, g *gauge, tick <-chan time.Time) error {
	for {
		changed := s.applier.Changed()
		g.pass(s.applier.Applied, time.Now())
		if len(g.ahead) == 0 {
			changed = nil // wakes for nothing until the next sample
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick:
			return nil
		}
	}
}

// measure returns the lag in seconds, nil if it is not known yet, and the log
// behind it. Both are 0 when the frontier contains all the source has executed.
func (s *session) measure(ctx context.Context, g *gauge) (*float64, *uint64, error) {
	begun := time.Now()
	executed, err := s.source.Logged(ctx)
	if err != nil {
		return nil, nil, err
	}
	g.note(executed, begun)
	now := time.Now()
	g.pass(s.applier.Applied, now)
	d, known := g.lag(s.applier.Stats().Oldest, now)
	lag, gap := d.Seconds(), uint64(0)
	if d == 0 && known {
		return &lag, &gap, nil
	}
	n, gapKnown, err := s.source.GapBytes(ctx, s.applier.Frontier())
	if err != nil {
		return nil, nil, err
	}
	var behind *float64
	if known {
		behind = &lag
	}
	if !gapKnown {
		return behind, nil, nil
	}
	return behind, &n, nil
}

func (s *session) settleState(lag *float64) {
	select {
	case <-s.copied:
	default:
		return
	}
	if lag == nil {
		return
	}
	behind := time.Duration(*lag * float64(time.Second))
	if s.errEntering() != nil {
		behind = max(behind, behindLag+1) // a whole table is missing
	}
	switch state := s.r.state(); {
	case state == run.CatchingUp && behind <= caughtUpLag:
		s.r.set(run.CaughtUp, "apply")
		if s.errEntering() != nil { // since just now
			s.r.fallBehind()
		}
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
	case r.State.Enters():
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
