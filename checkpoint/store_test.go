package checkpoint_test

import (
	"testing"

	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/checkpoint"
	"github.com/tidegate-io/tidegate/checkpoint/storetest"
	"github.com/tidegate-io/tidegate/internal/kv"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) checkpoint.Store { return checkpoint.NewMemory() }, nil)
}

func TestBadger(t *testing.T) {
	var db *kv.DB
	var dir string
	open := func(t *testing.T) checkpoint.Store {
		var err error
		if db, err = kv.Open(kv.Config{Dir: dir, Log: zerolog.Nop()}); err != nil {
			t.Fatal(err)
		}
		opened := db
		t.Cleanup(func() { _ = opened.Close() })
		return checkpoint.NewBadger(db)
	}
	storetest.Run(t, func(t *testing.T) checkpoint.Store { dir = t.TempDir(); return open(t) },
		func(t *testing.T, _ checkpoint.Store) checkpoint.Store {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t)
		})
}

func TestRecord(t *testing.T) {
	type rec struct{ Phase, Position string }
	want := rec{"copy", "a:1-7"}
	b, err := checkpoint.Encode(want)
	if err != nil {
		t.Fatal(err)
	}
	var got rec
	if err := checkpoint.Decode(b, &got); err != nil || got != want {
		t.Fatalf("got %+v, %v, want %+v", got, err, want)
	}
	for _, bad := range [][]byte{nil, {}, {9, '{', '}'}, {1, '{'}} {
		if err := checkpoint.Decode(bad, &got); err == nil {
			t.Errorf("%v was decoded", bad)
		}
	}
}
