package dbtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Ports lie below the range the kernel takes client ports from, so that a
// server which is down for a moment finds its port free when it comes back.
const (
	firstPort = 20000
	lastPort  = 31999
)

// slot is a port and a data directory named after it, owned by this process
// while the lock is held. The lock file names the directory, so that a later
// process can clean up after one that died.
type slot struct {
	in   installation
	port int
	lock *fileLock
}

func slotDir() (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "run")
	return dir, os.MkdirAll(dir, 0o755)
}

// claim takes a free port for a server.
func claim(in installation) (*slot, error) {
	s := &slot{in: in}
	err := takePort(func(port int, lock *fileLock) bool {
		s.port, s.lock = port, lock
		return !exists(s.dir()) // else a watcher is about to remove it
	})
	if err != nil {
		return nil, err
	}
	if err := s.lock.note(in.root + "\n" + s.inner() + "\n"); err != nil {
		s.lock.remove()
		return nil, err
	}
	return s, nil
}

// reserved keeps the locks of Address: a file that nothing refers to is closed.
var reserved struct {
	sync.Mutex
	locks []*fileLock
}

// Address reserves a loopback address, host:port, for a program that is started
// and killed on it again and again: until this process ends neither a server nor
// a client of any test gets the port.
func Address() (string, error) {
	address := ""
	err := takePort(func(port int, lock *fileLock) bool {
		address = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		reserved.Lock()
		defer reserved.Unlock()
		reserved.locks = append(reserved.locks, lock)
		return true
	})
	return address, err
}

// takePort locks a port on which nobody listens and that fits.
func takePort(fits func(port int, lock *fileLock) bool) error {
	dir, err := slotDir()
	if err != nil {
		return err
	}
	n := lastPort - firstPort + 1
	start := rand.IntN(n)
	for i := range n {
		port := firstPort + (start+i)%n
		lock, err := tryLock(filepath.Join(dir, strconv.Itoa(port)))
		if errors.Is(err, errLocked) {
			continue
		}
		if err != nil {
			return err
		}
		if !portFree(port) {
			lock.remove()
			continue
		}
		if fits(port, lock) {
			return nil
		}
		lock.release()
	}
	return fmt.Errorf("every port from %d to %d is taken", firstPort, lastPort)
}

func portFree(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// inner is the slot's directory as the server sees it.
func (s *slot) inner() string {
	return filepath.Join(s.in.base, "run", strconv.Itoa(s.port))
}

// dir is the slot's directory on the host.
func (s *slot) dir() string { return s.in.host(s.inner()) }

// release removes the directory and frees the port.
func (s *slot) release() error {
	err := os.RemoveAll(s.dir())
	s.lock.remove()
	return err
}

var sweepOnce sync.Once

// sweep removes what servers of dead processes left behind. Once per process
// is enough: a process cleans up after itself.
func sweep() {
	sweepOnce.Do(func() {
		dir, err := slotDir()
		if err != nil {
			return // the next step fails on the same and says so
		}
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if lock, err := tryLock(filepath.Join(dir, e.Name())); err == nil {
				sweepSlot(lock)
			}
		}
	})
}

// sweepSlot cleans up one slot whose process is gone.
func sweepSlot(lock *fileLock) {
	defer lock.remove()
	text, err := os.ReadFile(lock.file.Name())
	if err != nil {
		return
	}
	root, inner, ok := strings.Cut(strings.TrimSpace(string(text)), "\n")
	if !ok || filepath.Base(filepath.Dir(inner)) != "run" {
		return // not written to the end: its directory was never made
	}
	for _, pid := range serversOn(root, inner) {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	os.RemoveAll(filepath.Join(root, inner))
}

// serversOn finds the processes that run on a data directory. The arguments
// alone do not tell: two trees hold directories of the same inner name.
func serversOn(root, inner string) []int {
	var pids []int
	found, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range found {
		args, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(args), "\x00--datadir="+inner+"/data\x00") {
			continue
		}
		proc := filepath.Dir(path)
		if at, err := os.Readlink(filepath.Join(proc, "root")); err != nil || at != root {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(proc)); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
