package store

import (
	"errors"
	"fmt"

	"github.com/tidegate-io/tidegate/internal/kv"
)

// A batch that is too large for one transaction of the store is a redo log: its
// parts are written first, then the mark that makes them count, and only then
// are they carried out, again from the beginning after a crash. A mark names all
// that is not in the parts.

const (
	stagedMark   = "staged"
	stagedPrefix = "staged/"

	// oneTransaction is how many bytes of keys and values go into one
	// transaction: well below 15 % of MemTable.
	oneTransaction = 1 << 20
)

// mark is the commit of a staged batch.
type mark struct {
	Parts           int
	DeletePipelines []string
	DeleteRuns      []string
	Prune           Batch // its events and reports, by which old ones are pruned
}

// commitStaged stores a batch of any size. Once its mark is there it is stored,
// and goes only forward: what cannot be carried out now is carried out before the
// next batch.
func (s *Badger) commitStaged(puts []put, b Batch) error {
	n, err := s.stage(puts)
	if err != nil {
		return err
	}
	if err := s.mark(n, b); err != nil {
		return err
	}
	_ = s.finishStaged()
	return nil
}

// stage writes the parts, and returns how many there are.
func (s *Badger) stage(puts []put) (int, error) {
	parts := split(puts)
	for i, p := range parts {
		err := s.db.Update(func(x *kv.Tx) error { return setPart(x, i, p) })
		if err != nil {
			return 0, fmt.Errorf("stage part %d: %w", i, err)
		}
	}
	return len(parts), nil
}

func (s *Badger) mark(parts int, b Batch) error {
	m := mark{Parts: parts, DeletePipelines: b.DeletePipelines, DeleteRuns: b.DeleteRuns, Prune: pruning(b)}
	v, err := encode(m)
	if err != nil {
		return err
	}
	s.marked = true
	return s.db.Update(func(x *kv.Tx) error { return x.Set(stagedMark, v) })
}

// pruning keeps of a batch what tells which old events and reports are beyond
// the bounds.
func pruning(b Batch) Batch {
	var out Batch
	for _, e := range b.Events {
		out.Events = append(out.Events, Event{Seq: e.Seq, Pipeline: e.Pipeline})
	}
	for _, r := range b.Reports {
		r.Report.Check, r.Report.Plan, r.Report.Verify, r.Report.Cutover = nil, nil, nil, nil
		out.Reports = append(out.Reports, r)
	}
	return out
}

// split cuts what is to be written into parts of one transaction each.
func split(puts []put) [][]put {
	var out [][]put
	n := oneTransaction
	for _, p := range puts {
		if n+p.size() > oneTransaction {
			out, n = append(out, nil), 0
		}
		n += p.size()
		out[len(out)-1] = append(out[len(out)-1], p)
	}
	return out
}

func setPart(x *kv.Tx, i int, puts []put) error {
	v, err := encode(puts)
	if err != nil {
		return err
	}
	return x.Set(stagedPrefix+seqKey(uint64(i)), v)
}

// finishStaged carries out the staged batch, if there is one with its mark, and
// removes what was staged.
func (s *Badger) finishStaged() error {
	var m mark
	err := s.db.View(func(x *kv.Tx) error {
		v, err := x.Get(stagedMark)
		if err != nil {
			return err
		}
		return decode(v, &m)
	})
	switch {
	case errors.Is(err, kv.ErrNotFound):
	case err != nil:
		return err
	default:
		if err := s.carryOut(m); err != nil {
			return err
		}
	}
	err = s.db.Update(func(x *kv.Tx) error { return errors.Join(x.DeletePrefix(stagedPrefix), x.Delete(stagedMark)) })
	s.marked = s.marked && err != nil
	return err
}

func (s *Badger) carryOut(m mark) error {
	for i := range m.Parts {
		err := s.db.Update(func(x *kv.Tx) error {
			v, err := x.Get(stagedPrefix + seqKey(uint64(i)))
			if err != nil {
				return err
			}
			var puts []put
			if err := decode(v, &puts); err != nil {
				return err
			}
			return setAll(x, puts)
		})
		if err != nil {
			return fmt.Errorf("carry out part %d of a staged change: %w", i, err)
		}
	}
	b := m.Prune
	b.DeletePipelines, b.DeleteRuns = m.DeletePipelines, m.DeleteRuns
	return s.db.Update(func(x *kv.Tx) error { return errors.Join(b.deletes(x), b.prune(x)) })
}
