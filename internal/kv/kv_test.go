package kv

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
)

func open(t *testing.T, dir string) *DB {
	t.Helper()
	d, err := Open(Config{Dir: dir, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestScanAndReopen(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	err := d.Update(func(x *Tx) error {
		for _, k := range []string{"a/1", "b/1", "b/2", "b/3", "c/1"} {
			if err := x.Set(k, []byte(k)); err != nil {
				return err
			}
		}
		return x.Delete("b/2")
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Update(func(x *Tx) error { _ = x.Set("a/2", nil); return errors.New("no") }); err == nil {
		t.Fatal("an error of the function did not come back")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = open(t, dir)
	defer d.Close()
	scan := func(prefix, from string) (keys []string) {
		if err := d.View(func(x *Tx) error {
			return x.Scan(prefix, from, func(k string, _ []byte) (bool, error) { keys = append(keys, k); return true, nil })
		}); err != nil {
			t.Fatal(err)
		}
		return keys
	}
	for _, tc := range []struct {
		prefix, from string
		want         []string
	}{{"a/", "", []string{"a/1"}}, {"b/", "", []string{"b/1", "b/3"}}, {"b/", "b/2", []string{"b/3"}}, {"x", "", nil}} {
		if diff := cmp.Diff(tc.want, scan(tc.prefix, tc.from)); diff != "" {
			t.Errorf("scan %s from %q: (-want +got)\n%s", tc.prefix, tc.from, diff)
		}
	}
	if err := d.Update(func(x *Tx) error { return x.DeletePrefix("b/") }); err != nil || scan("b/", "") != nil {
		t.Errorf("after deleting b/: %v, %v", scan("b/", ""), err)
	}
}

func TestInUse(t *testing.T) {
	dir := t.TempDir()
	defer open(t, dir).Close()
	_, err := Open(Config{Dir: dir, Log: zerolog.Nop()})
	if e, ok := errors.AsType[*InUseError](err); !ok || !strings.Contains(e.Error(), dir) || e.Hint() == "" {
		t.Fatalf("second open: %v, want an InUseError that names %s", err, dir)
	}
}

func TestLockDir(t *testing.T) {
	dir := t.TempDir()
	l, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LockDir(dir); !errors.As(err, new(*InUseError)) || !strings.Contains(err.Error(), "process") {
		t.Fatalf("second lock: %v", err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	l, err = LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Release()
}

// TestDamaged: a store whose files say nonsense is told from one that is in use.
func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "MANIFEST"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(Config{Dir: dir, Log: zerolog.Nop()})
	if damage, ok := errors.AsType[*DamagedError](err); !ok || damage.Hint() == "" {
		t.Errorf("a damaged store is told as %v", err)
	}
}

// What Update has returned for survives a power cut only if it was synced, which no
// test that merely ends a process can tell.
func TestSyncs(t *testing.T) {
	d := open(t, t.TempDir())
	defer d.Close() //nolint:errcheck // nothing is in it
	if !d.b.Opts().SyncWrites {
		t.Error("updates are not synced to the disk")
	}
}
