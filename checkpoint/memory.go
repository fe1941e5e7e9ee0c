package checkpoint

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"
)

// Memory keeps records for the life of the process.
type Memory struct {
	mu   sync.Mutex
	runs map[string]Records
}

// NewMemory is empty.
func NewMemory() *Memory { return &Memory{runs: map[string]Records{}} }

// Save implements Store.
func (s *Memory) Save(_ context.Context, run string, changes Records) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.runs[run]
	if r == nil {
		r = Records{}
	}
	for name, v := range changes {
		if v == nil {
			delete(r, name)
		} else {
			r[name] = append([]byte{}, v...)
		}
	}
	if len(r) == 0 {
		delete(s.runs, run)
	} else {
		s.runs[run] = r
	}
	return nil
}

// Load implements Store.
func (s *Memory) Load(_ context.Context, run string) (Records, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Records{}
	for name, v := range s.runs[run] {
		out[name] = bytes.Clone(v)
	}
	return out, nil
}

// Delete implements Store.
func (s *Memory) Delete(_ context.Context, run string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.runs, run)
	return nil
}

// Runs implements Store.
func (s *Memory) Runs(context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.runs)), nil
}
