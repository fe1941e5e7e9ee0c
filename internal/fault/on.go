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

// fault is what happens at one point.
type fault struct {
	point, action string
	left          atomic.Int64
}

var faults []*fault

func init() {
	for text := range strings.SplitSeq(os.Getenv("TIDEGATE_FAULT"), ",") {
		part := strings.Split(text, ":")
		if len(part) < 2 {
			continue
		}
		n, err := strconv.ParseInt(part[1], 10, 64)
		if err != nil {
			panic("TIDEGATE_FAULT: " + err.Error())
		}
		f := &fault{point: part[0], action: strings.Join(part[2:], ":")}
		f.left.Store(n)
		faults = append(faults, f)
	}
}

// At is a point at which the process may end.
func At(name string) {
	for _, f := range faults {
		if name == f.point && f.left.Add(-1) == 0 {
			f.happen()
		}
	}
}

func (f *fault) happen() {
	if f.action == "panic" {
		panic("fault at " + f.point)
	}
	if wait, err := time.ParseDuration(f.action); err == nil {
		time.Sleep(wait)
		return
	}
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // until it arrives
}
