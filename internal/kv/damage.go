package kv

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// DamagedError says that the files of a store cannot be read.
type DamagedError struct {
	Dir string
	Err error
}

// Error names the directory and the reason.
func (e *DamagedError) Error() string { return fmt.Sprintf("open store %s: %v", e.Dir, e.Err) }

// Unwrap gives the reason.
func (e *DamagedError) Unwrap() error { return e.Err }

// Hint gives the remedy.
func (e *DamagedError) Hint() string {
	return "the disk lost or changed what was written: put back a copy of the directory, or remove it and begin with an empty store"
}

// noDamage reports that something else than the files' content is wrong.
func noDamage(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, fs.ErrPermission)
}

// reserve is how much room a store wants on its file system. Badger writes into
// files that are mapped into memory: without room for a page, the system ends
// the process.
const reserve = 32 << 20

// NoRoomError says that the file system of a store is full, or nearly so.
type NoRoomError struct {
	Dir  string
	Free uint64 // bytes
}

// Error names the directory and what is left.
func (e *NoRoomError) Error() string {
	return fmt.Sprintf("the file system of %s has %d MiB left, fewer than the %d a store needs", e.Dir, e.Free>>20, reserve>>20)
}

// Unwrap makes it what a full disk is everywhere.
func (e *NoRoomError) Unwrap() error { return syscall.ENOSPC }

// Hint gives the remedy.
func (e *NoRoomError) Hint() string {
	return "make room on the file system of " + e.Dir + "; what waits goes on by itself"
}

// room returns an error if a store in dir must not be written to.
func room(dir string) error {
	if dir == "" {
		return nil
	}
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return fmt.Errorf("ask for the room of %s: %w", dir, err)
	}
	if free := s.Bavail * uint64(s.Bsize); free < reserve {
		return &NoRoomError{Dir: dir, Free: free}
	}
	return nil
}
