package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/tidegate-io/tidegate/internal/kv"
	"github.com/tidegate-io/tidegate/internal/run"
)

// MemTable is what the daemon's store wants of kv: it bounds one Batch to
// about 2 MiB after compression.
const MemTable = 16 << 20

// Badger keeps the daemon's data in an embedded store.
type Badger struct {
	db     *kv.DB
	mu     sync.Mutex // one batch at a time; guards marked
	marked bool       // a staged batch may not be carried out yet
}

// NewBadger uses an open store; closing it stays with the caller.
func NewBadger(db *kv.DB) *Badger { return &Badger{db: db} }

// Load implements Store.
func (s *Badger) Load(context.Context) (Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Snapshot{Pipelines: map[string]Pipeline{}, Runs: map[string]Run{}, Agents: map[string]Agent{}}
	if err := s.finishStaged(); err != nil {
		return Snapshot{}, fmt.Errorf("finish the change before the daemon ended: %w", err)
	}
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
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.marked { // else it would be carried out over this one at the next start
		if err := s.finishStaged(); err != nil {
			return fmt.Errorf("finish the change before: %w", err)
		}
	}
	if size(puts) > oneTransaction {
		err = s.commitStaged(puts, b)
	} else {
		err = s.db.Update(func(x *kv.Tx) error {
			return errors.Join(setAll(x, puts), b.deletes(x), b.prune(x))
		})
	}
	if err != nil {
		return fmt.Errorf("store change: %w", err)
	}
	return nil
}

// Events implements Store.
func (s *Badger) Events(_ context.Context, q EventQuery) ([]Event, error) {
	var out []Event
	err := s.db.View(func(x *kv.Tx) error {
		prefix := eventPrefix
		if q.Pipeline != "" {
			prefix = eventsOf(q.Pipeline)
		}
		keys := x.Keys(prefix, prefix+seqKey(q.After+1))
		if q.Limit > 0 {
			keys = keys[max(0, len(keys)-q.Limit):]
		}
		for _, k := range keys {
			b, err := x.Get(eventKey(keySeq(k)))
			if err != nil {
				return err
			}
			var e Event
			if err := decode(b, &e); err != nil {
				return err
			}
			out = append(out, e)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
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

// SaveCheckpoints implements Store.
func (s *Badger) SaveCheckpoints(_ context.Context, list []Checkpoint) error {
	for len(list) > 0 {
		n, err := s.saveSome(list)
		if err != nil {
			return fmt.Errorf("store checkpoints: %w", err)
		}
		list = list[n:]
	}
	return nil
}

// saveSome stores as many records as go into one transaction, and returns how
// many.
func (s *Badger) saveSome(list []Checkpoint) (int, error) {
	var values [][]byte
	for total := 0; len(values) < len(list); {
		v, err := encode(list[len(values)])
		if err != nil {
			return 0, err
		}
		if total += len(v) + 200; total > oneTransaction && len(values) > 0 {
			break
		}
		values = append(values, v)
	}
	err := s.db.Update(func(x *kv.Tx) error {
		for i, v := range values {
			cp := list[i]
			old, err := checkpointOf(x, cp.Run)
			if err != nil {
				return err
			}
			if old.Epoch > cp.Epoch || old.Epoch == cp.Epoch && old.Sequence >= cp.Sequence {
				continue
			}
			if err := x.Set(checkpointKey(cp.Run), v); err != nil {
				return err
			}
		}
		return nil
	})
	return len(values), err
}

// Checkpoint implements Store.
func (s *Badger) Checkpoint(_ context.Context, runID string) (Checkpoint, error) {
	var out Checkpoint
	err := s.db.View(func(x *kv.Tx) (err error) {
		out, err = checkpointOf(x, runID)
		return err
	})
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read checkpoint of run %s: %w", runID, err)
	}
	return out, nil
}

func checkpointOf(x *kv.Tx, runID string) (Checkpoint, error) {
	out := Checkpoint{Run: runID}
	b, err := x.Get(checkpointKey(runID))
	if errors.Is(err, kv.ErrNotFound) {
		return out, nil
	}
	if err == nil {
		err = decode(b, &out)
	}
	return out, err
}
