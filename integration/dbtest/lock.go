package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// cacheDir is where trees, templates and running servers' data live: outside
// any source tree, shared by all processes of the machine.
func cacheDir() (string, error) {
	if dir := os.Getenv("TIDEGATE_CACHE"); dir != "" {
		return filepath.Clean(dir), os.MkdirAll(dir, 0o755)
	}
	const shared = "/var/cache/tidegate"
	if os.Geteuid() == 0 {
		return shared, os.MkdirAll(shared, 0o755)
	}
	own, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a cache directory: %w (TIDEGATE_CACHE names one)", err)
	}
	own = filepath.Join(own, "tidegate")
	return own, os.MkdirAll(own, 0o755)
}

// fileLock is an exclusive lock that the kernel gives up with the process.
type fileLock struct{ file *os.File }

var errLocked = errors.New("locked by another process")

// tryLock takes the lock or returns errLocked.
func tryLock(path string) (*fileLock, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, err
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			f.Close()
			if errors.Is(err, syscall.EWOULDBLOCK) {
				return nil, errLocked
			}
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		// The holder before us may have removed the file between our open and
		// our lock: then we hold a lock on nothing.
		held, err1 := f.Stat()
		there, err2 := os.Stat(path)
		if err1 == nil && err2 == nil && os.SameFile(held, there) {
			return &fileLock{file: f}, nil
		}
		f.Close()
	}
}

// waitLock takes the lock, waiting for its holder as long as ctx lasts.
func waitLock(ctx context.Context, path string) (*fileLock, error) {
	for {
		l, err := tryLock(path)
		if !errors.Is(err, errLocked) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %s: %w", path, context.Cause(ctx))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// note replaces what the lock file says to whoever finds it.
func (l *fileLock) note(text string) error {
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err := l.file.WriteAt([]byte(text), 0)
	return err
}

// release gives the lock up and leaves the file.
func (l *fileLock) release() { l.file.Close() }

// remove deletes the lock file and gives the lock up.
func (l *fileLock) remove() {
	os.Remove(l.file.Name())
	l.file.Close()
}
