package api

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// ListenError says that an address cannot be listened on.
type ListenError struct {
	Address string
	Err     error // nil: it may not
	Remedy  string
}

// Error names the address and the reason.
func (e *ListenError) Error() string {
	if e.Err == nil {
		return "listen on " + e.Address + ": reachable from other hosts, and no token is required"
	}
	if errors.Is(e.Err, syscall.EADDRINUSE) {
		return "listen on " + e.Address + ": the address is in use by another process"
	}
	return fmt.Sprintf("listen on %s: %v", e.Address, e.Err)
}

// Unwrap gives the reason.
func (e *ListenError) Unwrap() error { return e.Err }

// Hint gives the remedy.
func (e *ListenError) Hint() string { return e.Remedy }

// Listen opens "host:port" or "unix:/path". An address other hosts can reach
// is refused unless tokens guard it.
func Listen(address string, guarded bool) (net.Listener, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return listenUnix(path)
	}
	if !guarded && !loopback(address) {
		return nil, &ListenError{Address: address, Remedy: "require tokens with --token-file, or listen on 127.0.0.1 or unix:/path"}
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		e := &ListenError{Address: address, Err: err, Remedy: "give an address of this host as host:port with --listen"}
		if errors.Is(err, syscall.EADDRINUSE) {
			e.Remedy = "stop the process that uses it, or choose another with --listen"
		}
		return nil, e
	}
	return l, nil
}

// listenUnix opens a socket for this user alone. One that nobody answers on is
// left over from a process that was killed.
func listenUnix(path string) (net.Listener, error) {
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = c.Close()
		return nil, &ListenError{Address: "unix:" + path, Err: syscall.EADDRINUSE, Remedy: "stop the process that uses it, or choose another with --listen"}
	}
	if st, err := os.Lstat(path); err == nil && st.Mode().Type() == os.ModeSocket {
		_ = os.Remove(path)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, &ListenError{Address: "unix:" + path, Err: err, Remedy: "choose a path in a directory of this user with --listen"}
	}
	if err := os.Chmod(path, 0o660); err != nil {
		_ = l.Close()
		return nil, &ListenError{Address: "unix:" + path, Err: err, Remedy: "choose a path in a directory of this user with --listen"}
	}
	return l, nil
}

func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return true // not an address at all: the listen itself says so
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
