package pipeline

import (
	"context"
	"errors"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/agent/structure"
	"github.com/tidegate-io/tidegate/internal/fault"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// copyAndIndex copies what is left, builds the indexes that were left out, and
// lets the run go on to the next phase.
func (s *session) copyAndIndex(ctx context.Context) error {
	if s.copier.Pending() {
		s.r.set(run.Copying, "copy")
		if err := s.copier.Run(ctx); err != nil {
			return err
		}
		if s.reader != nil { // a chunk may have been read from a server before the one that was asked last
			if err := s.checkSource(ctx); err != nil {
				return err
			}
		}
	}
	if err := s.admitAll(ctx); err != nil {
		return err
	}
	if s.spec.Type == spec.TypeFull && s.applier != nil {
		if err := s.reachImage(ctx); err != nil {
			return err
		}
		if s.errEntering() != nil { // the image lacks them: there will be a later one
			s.gate.StopAt(nil)
			if err := s.admitAll(ctx); err != nil {
				return err
			}
			return errReload
		}
	}
	if err := s.buildIndexes(ctx); err != nil {
		return err
	}
	if s.copies() {
		if err := s.ledger.SetPhase(ctx, phaseApply); err != nil {
			return err
		}
	}
	if s.spec.Type == spec.TypeFull {
		return s.finish(ctx)
	}
	s.r.set(run.CatchingUp, "apply")
	close(s.copied)
	return nil
}

// reachImage lets the applier go on to the first transaction boundary that
// contains every table's last high mark and all that it has begun with, and no
// further: that is the one position of the image a full copy makes (R18).
func (s *session) reachImage(ctx context.Context) error {
	if err := s.applier.WaitFor(ctx, s.gate.StopAt(s.seen())); err != nil {
		return err
	}
	return s.eachIndebted(ctx, s.catalog.rows(), func(ctx context.Context, r ledger.TableRow) error {
		open, err := s.ask(ctx, r)
		if err == nil && len(open) > 0 && s.catalog.comparesAlike(r.ID) { // it may have come back to the source since the image
			s.r.deps.Sink.Event(run.Event{Kind: "debt", Message: errUnpaid(r, open).Error() + ", unless they came to the source lately: tidegate verify tells"})
			return nil
		}
		return errors.Join(err, errUnpaid(r, open))
	})
}

// buildIndexes makes the indexes that were left out of the copy, one ALTER
// TABLE per table, several at a time.
func (s *session) buildIndexes(ctx context.Context) error {
	s.r.step("index")
	fault.At("indexes-begun")
	ix := &structure.Indexer{Ledger: s.ledger, LockDB: s.lockDB, Turn: &s.turn, Server: s.dst.Server, Threads: s.spec.Copy.Threads, Built: func(id int) {
		s.r.forward()
		s.catalog.outdate(id)
	}}
	return ix.BuildIndexes(ctx)
}
