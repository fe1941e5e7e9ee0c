package kv

import (
	"errors"
	"fmt"
	"os"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/rs/zerolog"
)

// Config of a store.
type Config struct {
	Dir      string // empty: in memory, nothing survives
	MemTable int64  // bytes; 15% of it bounds one transaction. 0: 8 MiB
	Log      zerolog.Logger
}

// DB is an open store.
type DB struct {
	b   *badger.DB
	dir string // empty: in memory
}

const defaultMemTable = 8 << 20

// Open opens or creates the store in cfg.Dir. If another process has it open,
// the error is an *InUseError.
func Open(cfg Config) (*DB, error) {
	if cfg.Dir != "" {
		if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("create store directory: %w", err)
		}
	}
	if err := room(cfg.Dir); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	d, err := openWhole(cfg)
	switch {
	case err == nil:
		return d, nil
	case locked(err):
		return nil, &InUseError{Dir: cfg.Dir}
	case cfg.Dir == "" || noDamage(err):
		return nil, fmt.Errorf("open store %s: %w", cfg.Dir, err)
	default:
		return nil, &DamagedError{Dir: cfg.Dir, Err: err}
	}
}

// openWhole opens the store and reads it once. Damaged files make Badger panic,
// some of them in goroutines of its own, which ends the process: whoever can do
// without the store has another process try first.
func openWhole(cfg Config) (d *DB, err error) {
	defer func() {
		if v := recover(); v != nil {
			if d != nil {
				d.b.Close() //nolint:errcheck // it is damaged
			}
			d, err = nil, fmt.Errorf("%v", v)
		}
	}()
	b, err := badger.Open(settings(cfg))
	if err != nil {
		return nil, err
	}
	d = &DB{b: b, dir: cfg.Dir}
	if err := d.readAll(); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return d, nil
}

func (d *DB) readAll() error {
	if err := d.b.VerifyChecksum(); err != nil { // an iterator ends at a damaged block as at the last one
		return err
	}
	return d.b.View(func(t *badger.Txn) error {
		it := t.NewIterator(badger.DefaultIteratorOptions)
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			if err := it.Item().Value(func([]byte) error { return nil }); err != nil {
				return err
			}
		}
		return nil
	})
}

// settings are for records of kilobytes, a few writes a second, and power cuts.
func settings(cfg Config) badger.Options {
	mem := cfg.MemTable
	if mem == 0 {
		mem = defaultMemTable
	}
	return badger.DefaultOptions(cfg.Dir).
		WithInMemory(cfg.Dir == "").
		WithLogger(logger{cfg.Log}).
		WithSyncWrites(cfg.Dir != "").
		WithMemTableSize(mem).
		WithNumMemtables(2).
		WithValueLogFileSize(16 << 20).
		WithCompression(options.None).
		WithBlockCacheSize(0).
		WithVerifyValueChecksum(true).
		WithChecksumVerificationMode(options.OnTableAndBlockRead).
		WithNumCompactors(2).
		WithMetricsEnabled(false)
}

// Close flushes and closes the store.
func (d *DB) Close() error {
	if err := d.b.Close(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// View runs f on a consistent view.
func (d *DB) View(f func(*Tx) error) error {
	return d.b.View(func(t *badger.Txn) error { return f(&Tx{t}) })
}

// Update runs f and commits what it wrote. f runs again if another Update has
// changed what it read, so it must have no other effects.
func (d *DB) Update(f func(*Tx) error) error {
	if err := room(d.dir); err != nil {
		return fmt.Errorf("write to store: %w", err)
	}
	for {
		err := d.b.Update(func(t *badger.Txn) error { return f(&Tx{t}) })
		switch {
		case errors.Is(err, badger.ErrConflict):
			continue
		case errors.Is(err, badger.ErrTxnTooBig):
			return fmt.Errorf("write to store: %w", ErrTooBig)
		default:
			return err
		}
	}
}
