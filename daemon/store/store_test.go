package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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

// A large batch that cannot be carried out is stored all the same, and no later one
// overtakes it: at the next start it would be carried out over that. The store's
// memory is too small here for all that the batch deletes.
func TestStagedBeforeTheNext(t *testing.T) {
	dir := t.TempDir()
	open := func(memory int64) (*store.Badger, func()) {
		db, err := kv.Open(kv.Config{Dir: dir, MemTable: memory, Log: zerolog.Nop()})
		if err != nil {
			t.Fatal(err)
		}
		return store.NewBadger(db), func() { _ = db.Close() }
	}
	var old store.Batch
	for v := range uint64(15000) {
		old.Pipelines = append(old.Pipelines, store.Pipeline{Name: "old", Version: v})
	}
	large := store.Batch{Counters: &store.Counters{Epoch: 7}, DeletePipelines: []string{"old"}}
	for i := range 2000 {
		large.Pipelines = append(large.Pipelines, store.Pipeline{Name: fmt.Sprintf("p%d", i), Source: strings.Repeat("x", 1000)})
	}
	small := func(epoch uint64) store.Batch { return store.Batch{Counters: &store.Counters{Epoch: epoch}} }
	want := func(s *store.Badger, epoch uint64) {
		t.Helper()
		got, err := s.Load(t.Context())
		if err != nil || len(got.Pipelines) != 2000 || got.Counters.Epoch != epoch {
			t.Errorf("%d pipelines, epoch %d, %v; want 2000 and %d", len(got.Pipelines), got.Counters.Epoch, err, epoch)
		}
	}
	s, end := open(store.MemTable)
	if err := s.Commit(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	end()
	s, end = open(7 << 20)
	if err := s.Commit(t.Context(), large); err != nil {
		t.Error(err)
	}
	if err := s.Commit(t.Context(), small(8)); err == nil {
		t.Error("a change has overtaken the one before")
	}
	end()
	s, end = open(store.MemTable)
	want(s, 7)
	if err := errors.Join(store.StageOnly(s, large, true), s.Commit(t.Context(), small(8))); err != nil {
		t.Error(err)
	}
	end()
	s, end = open(store.MemTable)
	defer end()
	want(s, 8)
}

// A large batch whose mark was written is there after a crash; one without its
// mark never was.
func TestStagedCrash(t *testing.T) {
	for _, marked := range []bool{true, false} {
		t.Run(fmt.Sprint(marked), func(t *testing.T) {
			db, err := kv.Open(kv.Config{Dir: t.TempDir(), MemTable: store.MemTable, Log: zerolog.Nop()})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			s := store.NewBadger(db)
			var b store.Batch
			for i := range 2000 {
				name := fmt.Sprintf("p%d", i)
				b.Pipelines = append(b.Pipelines, store.Pipeline{Name: name, Version: 1, Source: strings.Repeat("x", 1000)})
			}
			if err := store.StageOnly(s, b, marked); err != nil {
				t.Fatal(err)
			}
			for range 2 { // loading finishes it, once
				got, err := store.NewBadger(db).Load(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if want := map[bool]int{true: 2000}[marked]; len(got.Pipelines) != want {
					t.Errorf("%d pipelines, want %d", len(got.Pipelines), want)
				}
			}
			left := 0
			if err := db.View(func(x *kv.Tx) error { left = len(x.Keys("staged", "")); return nil }); err != nil || left != 0 {
				t.Errorf("%d staged records are left, %v", left, err)
			}
		})
	}
}
