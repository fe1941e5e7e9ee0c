package pipeline

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// scope is a registerer that takes back what was registered through it: each
// session's stages bring metrics of the same names.
type scope struct {
	reg prometheus.Registerer // nil: nothing is kept

	mu   sync.Mutex
	mine []prometheus.Collector
}

// Register implements prometheus.Registerer.
func (s *scope) Register(c prometheus.Collector) error {
	if s.reg == nil {
		return nil
	}
	if err := s.reg.Register(c); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mine = append(s.mine, c)
	return nil
}

// MustRegister implements prometheus.Registerer.
func (s *scope) MustRegister(cs ...prometheus.Collector) {
	for _, c := range cs {
		if err := s.Register(c); err != nil {
			panic(err)
		}
	}
}

// Unregister implements prometheus.Registerer.
func (s *scope) Unregister(c prometheus.Collector) bool { return s.reg != nil && s.reg.Unregister(c) }

func (s *scope) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.mine {
		s.reg.Unregister(c)
	}
	s.mine = nil
}
