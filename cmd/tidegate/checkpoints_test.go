package main

import (
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/internal/kv"
)

// The child by which a killed agent read its checkpoints outlives it for a
// moment; the next agent waits for it.
func TestCheckpointsAwaitTheirReader(t *testing.T) {
	dir := t.TempDir()
	reader, err := kv.Open(kv.Config{Dir: dir, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan time.Time, 1)
	time.AfterFunc(400*time.Millisecond, func() {
		ended <- time.Now()
		_ = reader.Close() // the next open fails if this does
	})
	db, err := openCheckpoints("", dir, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	if opened := time.Now(); opened.Before(<-ended) {
		t.Error("two have the store open")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
