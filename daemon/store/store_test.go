package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/daemon/store"
	"github.com/tidegate-io/tidegate/daemon/store/storetest"
	"github.com/tidegate-io/tidegate/internal/kv"
)

func TestBadger(t *testing.T) {
	var db *kv.DB
	var dir string
	open := func(t *testing.T) store.Store {
		var err error
		if db, err = kv.Open(kv.Config{Dir: dir, MemTable: store.MemTable, Log: zerolog.Nop()}); err != nil {
			t.Fatal(err)
		}
		opened := db
		t.Cleanup(func() { _ = opened.Close() })
		return store.NewBadger(db)
	}
	storetest.Run(t, func(t *testing.T) store.Store { dir = t.TempDir(); return open(t) },
		func(t *testing.T, _ store.Store) store.Store {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t)
		})
}

// What Commit has returned for is there although the store was never closed:
// a copy of the files is what a killed process leaves.
func TestKilled(t *testing.T) {
	dir, left := t.TempDir(), filepath.Join(t.TempDir(), "left")
	db, err := kv.Open(kv.Config{Dir: dir, MemTable: store.MemTable, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := store.NewBadger(db)
	for i := range uint64(50) {
		b := store.Batch{Counters: &store.Counters{Epoch: i}, Events: []store.Event{{Seq: i + 1, Pipeline: "p"}}}
		if err := s.Commit(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	again, err := kv.Open(kv.Config{Dir: left, MemTable: store.MemTable, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	got, err := store.NewBadger(again).Load(t.Context())
	if err != nil || got.Counters.Epoch != 49 {
		t.Fatalf("counters %+v, %v", got.Counters, err)
	}
	if events, err := store.NewBadger(again).Events(t.Context(), store.EventQuery{}); err != nil || len(events) != 50 {
		t.Fatalf("%d events, %v", len(events), err)
	}
}
