package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/internal/kv"
	"github.com/tidegate-io/tidegate/internal/run"
)

// MemTable is what the daemon's store wants of kv: it bounds one Batch to
// about 2 MiB after compression.
const MemTable = 16 << 20

// Badger keeps the daemon's data in an embedded store.
type Badger struct {
	db *kv.DB
}

// NewBadger uses an open store; closing it stays with the caller.
func NewBadger(db *kv.DB) *Badger { return &Badger{db: db} }

// Load implements Store.
func (s *Badger) Load(context.Context) (Snapshot, error) {
	out := Snapshot{Pipelines: map[string]Pipeline{}, Runs: map[string]Run{}, Agents: map[string]Agent{}}
	err := s.db.View(func(x *kv.Tx) error {
		b, err := x.Get(countersKey)
		if err != nil && !errors.Is(err, kv.ErrNotFound) {
			return err
		}
		if err == nil {
			if err := decode(b, &out.Counters); err != nil {
				return err
			}
		}
		return errors.Join(
			scan(x, pipelinePrefix, out.Pipelines), scan(x, runPrefix, out.Runs), scan(x, agentPrefix, out.Agents))
	})
	if err != nil {
		return Snapshot{}, fmt.Errorf("load daemon's data: %w", err)
	}
	return out, nil
}

// scan reads all values under a prefix, by what follows it.
func scan[T any](x *kv.Tx, prefix string, into map[string]T) error {
	return x.Scan(prefix, "", func(k string, b []byte) (bool, error) {
		var v T
		if err := decode(b, &v); err != nil {
			return false, fmt.Errorf("%s: %w", k, err)
		}
		into[strings.TrimPrefix(k, prefix)] = v
		return true, nil
	})
}

// Commit implements Store.
func (s *Badger) Commit(_ context.Context, b Batch) error {
	puts, err := b.puts()
	if err != nil {
		return fmt.Errorf("store change: %w", err)
	}
	err = s.db.Update(func(x *kv.Tx) error {
		for _, p := range puts {
			if err := x.Set(p.key, p.value); err != nil {
				return err
			}
		}
		return errors.Join(b.deletes(x), b.prune(x))
	})
	if err != nil {
		return fmt.Errorf("store change: %w", err)
	}
	return nil
}

// Events implements Store.
func (s *Badger) Events(_ context.Context, q EventQuery) ([]Event, error) {
	var out []Event
	err := s.db.View(func(x *kv.Tx) error {
		return x.Scan(eventPrefix, eventKey(q.After+1), func(_ string, b []byte) (bool, error) {
			var e Event
			if err := decode(b, &e); err != nil {
				return false, err
			}
			if q.Pipeline == "" || e.Pipeline == q.Pipeline {
				out = append(out, e)
			}
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[len(out)-q.Limit:]
	}
	return out, nil
}

// Report implements Store.
func (s *Badger) Report(_ context.Context, runID, kind, id string) (run.Report, bool, error) {
	var out run.Report
	found := false
	err := s.db.View(func(x *kv.Tx) error {
		return x.Scan(reportsOfKind(runID, kind), "", func(_ string, b []byte) (bool, error) {
			var r run.Report
			if err := decode(b, &r); err != nil {
				return false, err
			}
			if id == "" || r.ID == id {
				out, found = r, true
			}
			return true, nil
		})
	})
	if err != nil {
		return run.Report{}, false, fmt.Errorf("read %s report of run %s: %w", kind, runID, err)
	}
	return out, found, nil
}

// Checkpoint implements Store.
func (s *Badger) Checkpoint(_ context.Context, runID string) (Checkpoint, error) {
	out := Checkpoint{Run: runID}
	err := s.db.View(func(x *kv.Tx) error {
		b, err := x.Get(checkpointKey(runID))
		if errors.Is(err, kv.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return decode(b, &out)
	})
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read checkpoint of run %s: %w", runID, err)
	}
	return out, nil
}
