package checkpoint

import (
	"context"
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/internal/kv"
)

// Badger keeps records in a directory of their own.
type Badger struct {
	db *kv.DB
}

// NewBadger uses an open store; closing it stays with the caller.
func NewBadger(db *kv.DB) *Badger { return &Badger{db: db} }

// Save implements Store.
func (s *Badger) Save(_ context.Context, run string, changes Records) error {
	err := s.db.Update(func(x *kv.Tx) error {
		for name, v := range changes {
			var err error
			if v == nil {
				err = x.Delete(recordKey(run, name))
			} else {
				err = x.Set(recordKey(run, name), v)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("save checkpoint of run %s: %w", run, err)
	}
	return nil
}

// Load implements Store.
func (s *Badger) Load(_ context.Context, run string) (Records, error) {
	out := Records{}
	err := s.db.View(func(x *kv.Tx) error {
		return x.Scan(runPrefix(run), "", func(k string, v []byte) (bool, error) {
			out[strings.TrimPrefix(k, runPrefix(run))] = v
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("load checkpoint of run %s: %w", run, err)
	}
	return out, nil
}

// Delete implements Store.
func (s *Badger) Delete(_ context.Context, run string) error {
	if err := s.db.Update(func(x *kv.Tx) error { return x.DeletePrefix(runPrefix(run)) }); err != nil {
		return fmt.Errorf("delete checkpoint of run %s: %w", run, err)
	}
	return nil
}

// Runs implements Store.
func (s *Badger) Runs(context.Context) ([]string, error) {
	var out []string
	err := s.db.View(func(x *kv.Tx) error {
		return x.Scan(prefix, "", func(k string, _ []byte) (bool, error) {
			if r := runOf(k); len(out) == 0 || out[len(out)-1] != r {
				out = append(out, r)
			}
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list checkpoints: %w", err)
	}
	return out, nil
}
