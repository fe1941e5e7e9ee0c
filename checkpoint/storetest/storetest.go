// Package storetest holds every checkpoint.Store to the same promises.
package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidegate-io/tidegate/checkpoint"
)

// Run tests the stores that open gives. reopen closes the store it gets and
// opens it again on the same data, as a restarted process would; nil: the
// store does not outlive its process.
func Run(t *testing.T, open func(*testing.T) checkpoint.Store, reopen func(*testing.T, checkpoint.Store) checkpoint.Store) {
	again := func(t *testing.T, s checkpoint.Store) checkpoint.Store {
		if reopen == nil {
			return s
		}
		return reopen(t, s)
	}
	t.Run("saved records are there after a restart", func(t *testing.T) {
		s := open(t)
		save(t, s, "r1", checkpoint.Records{"position": []byte("p1"), "intent/1": []byte("i"), "empty": {}})
		save(t, s, "r1", checkpoint.Records{"position": []byte("p2"), "intent/1": nil, "not-there": nil})
		s = again(t, s)
		load(t, s, "r1", checkpoint.Records{"position": []byte("p2"), "empty": {}})
	})
	t.Run("runs are apart", func(t *testing.T) {
		s := open(t)
		save(t, s, "r1", checkpoint.Records{"a": []byte("1")})
		save(t, s, "r10", checkpoint.Records{"a": []byte("10")})
		load(t, s, "r1", checkpoint.Records{"a": []byte("1")})
		runs(t, s, []string{"r1", "r10"})
		if err := s.Delete(t.Context(), "r1"); err != nil {
			t.Fatal(err)
		}
		s = again(t, s)
		load(t, s, "r1", checkpoint.Records{})
		load(t, s, "r10", checkpoint.Records{"a": []byte("10")})
		runs(t, s, []string{"r10"})
	})
	t.Run("what was saved or loaded is not shared", func(t *testing.T) {
		s := open(t)
		v := []byte("abc")
		save(t, s, "r", checkpoint.Records{"a": v})
		v[0] = 'x'
		got, err := s.Load(t.Context(), "r")
		if err != nil {
			t.Fatal(err)
		}
		got["a"][1] = 'y'
		load(t, s, "r", checkpoint.Records{"a": []byte("abc")})
	})
	t.Run("saves run side by side", func(t *testing.T) {
		s := open(t)
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for i := range 20 {
					if err := s.Save(t.Context(), "r", checkpoint.Records{fmt.Sprint("k", w): fmt.Append(nil, i)}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		last := []byte("19")
		load(t, again(t, s), "r", checkpoint.Records{"k0": last, "k1": last, "k2": last, "k3": last})
	})
}

func save(t *testing.T, s checkpoint.Store, run string, r checkpoint.Records) {
	t.Helper()
	if err := s.Save(t.Context(), run, r); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, s checkpoint.Store, run string, want checkpoint.Records) {
	t.Helper()
	got, err := s.Load(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range got {
		if v == nil {
			got[k] = []byte{}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("records of %s: (-want +got)\n%s", run, diff)
	}
}

func runs(t *testing.T, s checkpoint.Store, want []string) {
	t.Helper()
	got, err := s.Runs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("runs: (-want +got)\n%s", diff)
	}
}
