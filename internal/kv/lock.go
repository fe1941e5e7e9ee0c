package kv

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// InUseError says that another process holds a directory.
type InUseError struct {
	Dir string
	PID string // of the holder, if it left one
}

// Error names the directory and the holder.
func (e *InUseError) Error() string {
	if e.PID != "" {
		return fmt.Sprintf("data directory %s is in use by process %s", e.Dir, e.PID)
	}
	return fmt.Sprintf("data directory %s is in use by another process", e.Dir)
}

// Hint gives the ways out.
func (e *InUseError) Hint() string {
	return "stop the other tidegate process, or give this one a directory of its own with --data-dir"
}

// locked recognises Badger's lock error: it wraps the errno without keeping it
// in the chain, so its own wording is all there is.
func locked(err error) bool {
	return errors.Is(err, syscall.EWOULDBLOCK) || strings.Contains(err.Error(), "Another process is using this Badger database")
}

// Lock is a held directory lock; it also ends with the process.
type Lock struct {
	f *os.File
}

// LockDir creates dir if need be and takes it for this process. If another
// process has it, the error is an *InUseError.
func LockDir(dir string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, dirError(dir, err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "tidegate.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, dirError(dir, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		b := make([]byte, 32)
		n, _ := f.ReadAt(b, 0)
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, &InUseError{Dir: dir, PID: strings.TrimSpace(string(b[:n]))}
		}
		return nil, fmt.Errorf("lock data directory %s: %w", dir, err)
	}
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	}
	return &Lock{f: f}, nil
}

// Release gives the directory back.
func (l *Lock) Release() error { return l.f.Close() }

// DirError says that a data directory cannot be used.
type DirError struct {
	Dir string
	Err error
}

func dirError(dir string, err error) error { return &DirError{Dir: dir, Err: err} }

// Error names the directory and the reason.
func (e *DirError) Error() string { return fmt.Sprintf("use data directory %s: %v", e.Dir, e.Err) }

// Unwrap gives the reason.
func (e *DirError) Unwrap() error { return e.Err }

// Hint gives the remedy.
func (e *DirError) Hint() string {
	if errors.Is(e.Err, fs.ErrPermission) {
		return "make the directory writable for this user, or choose another with --data-dir"
	}
	return "choose another directory with --data-dir"
}
