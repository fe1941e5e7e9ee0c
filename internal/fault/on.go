//go:build fault

package fault

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

var (
	point, action string
	left          atomic.Int64
)

func init() {
	part := strings.Split(os.Getenv("TIDEGATE_FAULT"), ":")
	if len(part) < 2 {
		return
	}
	n, err := strconv.ParseInt(part[1], 10, 64)
	if err != nil {
		panic("TIDEGATE_FAULT: " + err.Error())
	}
	point = part[0]
	left.Store(n)
	if len(part) > 2 {
		action = part[2]
	}
}

// At is a point at which the process may end.
func At(name string) {
	if name != point || left.Add(-1) != 0 {
		return
	}
	if action == "panic" {
		panic("fault at " + name)
	}
	if wait, err := time.ParseDuration(action); err == nil {
		time.Sleep(wait)
		return
	}
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // until it arrives
}
