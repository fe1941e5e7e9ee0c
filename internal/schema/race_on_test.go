//go:build race

package schema_test

// raceEnabled tells that the race detector is on: sync.Pool then drops a
// share of what is put back, so allocations say nothing.
const raceEnabled = true
