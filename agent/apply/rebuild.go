package apply

import (
	"time"

	"github.com/tidegate-io/tidegate/internal/change"
)

// rebuild gathers the batch that some lanes have committed and others lack: all
// transactions in its to that are not in its from, wherever the log has them
// (another server may have written it). When it is whole, the lanes that lack it
// get their shares. That a table's window ends no earlier than the batch follows
// from its marks: those of a chunk that is not committed when a transaction is
// taken contain it (I-2, I-2b).
func (r *loop) rebuild(t *change.Txn) error {
	a, b := r.a, r.gather
	to, err := placeAt(a.half.To)
	if err != nil {
		return err
	}
	if !within(to.set, t.IDs) {
		r.later = append(r.later, t)
		return nil
	}
	tables, _, err := a.tables.of(t, r.resolved)
	r.resolved = tables
	if err != nil {
		return err
	}
	if b.txns == 0 {
		r.since = time.Now()
	}
	b.add(t, tables)
	if !b.to.set.Includes(to.set) {
		return nil
	}
	b.to = to
	if err := a.prepare(b, a.frontier.lanes(), a.has); err != nil {
		return err
	}
	a.deps.Log.Info().Uint64("batch", b.seq).Int("transactions", b.txns).Msg("completing a batch that some lanes had not committed")
	a.half, a.has = nil, nil
	r.ready = b
	r.gather = newBatch(b.seq+1, b.to)
	r.pending = append(r.later, r.pending...)
	r.later = nil
	return nil
}

func within(s *change.Set, ids []change.ID) bool {
	for _, id := range ids {
		if !s.Contains(id) {
			return false
		}
	}
	return true
}
