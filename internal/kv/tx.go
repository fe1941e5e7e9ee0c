package kv

import (
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"
)

var (
	// ErrNotFound says that there is no such key.
	ErrNotFound = errors.New("no such record")
	// ErrTooBig says that one transaction writes more than the store can take at once.
	ErrTooBig = errors.New("transaction is too large")
)

// Tx is a transaction; it ends with the function it was given to.
type Tx struct {
	t *badger.Txn
}

// Get returns a copy of the value of key, or ErrNotFound.
func (x *Tx) Get(key string) ([]byte, error) {
	it, err := x.t.Get([]byte(key))
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	return it.ValueCopy(nil)
}

// Set writes value, which must not be changed before the transaction ends.
func (x *Tx) Set(key string, value []byte) error {
	if err := x.t.Set([]byte(key), value); err != nil {
		return fmt.Errorf("write %s: %w", key, err)
	}
	return nil
}

// Delete removes key if it is there.
func (x *Tx) Delete(key string) error {
	if err := x.t.Delete([]byte(key)); err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	return nil
}

// Scan calls f in key order for every key with the prefix, from the key from
// on ("" is the first). f returns false to end the scan.
func (x *Tx) Scan(prefix, from string, f func(key string, value []byte) (bool, error)) error {
	o := badger.DefaultIteratorOptions
	o.Prefix = []byte(prefix)
	o.PrefetchSize = 16
	it := x.t.NewIterator(o)
	defer it.Close()
	for it.Seek([]byte(max(prefix, from))); it.Valid(); it.Next() {
		v, err := it.Item().ValueCopy(nil)
		if err != nil {
			return fmt.Errorf("read %s: %w", it.Item().Key(), err)
		}
		more, err := f(string(it.Item().KeyCopy(nil)), v)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// Keys returns the keys with the prefix in their order, from the key from on (""
// is the first).
func (x *Tx) Keys(prefix, from string) []string {
	o := badger.DefaultIteratorOptions
	o.Prefix = []byte(prefix)
	o.PrefetchValues = false
	it := x.t.NewIterator(o)
	defer it.Close()
	var out []string
	for it.Seek([]byte(max(prefix, from))); it.Valid(); it.Next() {
		out = append(out, string(it.Item().KeyCopy(nil)))
	}
	return out
}

// DeletePrefix removes every key with the prefix.
func (x *Tx) DeletePrefix(prefix string) error {
	for _, k := range x.Keys(prefix, "") {
		if err := x.Delete(k); err != nil {
			return err
		}
	}
	return nil
}
