package store_test

import (
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
