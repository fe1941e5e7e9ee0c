package verify

import (
	"sync"
	"time"
)

// A range is to take about a second: long enough that its bounds cost little,
// short enough that a server's limit on the time of a statement is far away.
const (
	shortRange   = 400 * time.Millisecond
	longRange    = 1600 * time.Millisecond
	minChunkRows = 100
	maxChunkRows = 1 << 19
)

// chunkSize is how many rows of a table the next range is to have. Tables have
// rows of a few bytes and of many megabytes; time tells them apart.
type chunkSize struct {
	mu sync.Mutex // guards n
	n  int
}

func newChunkSize(rows int) *chunkSize { return &chunkSize{n: rows} }

func (s *chunkSize) rows() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

// took takes the time of a range into account.
func (s *chunkSize) took(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case d < shortRange:
		s.n = min(2*s.n, max(s.n, maxChunkRows))
	case d > longRange:
		s.n = max(s.n/2, min(s.n, minChunkRows))
	}
}
