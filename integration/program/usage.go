package program

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ticks is how many a second the kernel counts processor time in: USER_HZ, 100
// on every architecture Go runs on.
const ticks = 100

// CPU is the processor time a process has used, its threads and the children it
// has waited for included.
func CPU(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The second field is the name in brackets and may hold anything.
	_, rest, _ := strings.Cut(string(b[strings.LastIndexByte(string(b), ')'):]), " ")
	f := strings.Fields(rest) // begins with the third field, the state
	if len(f) < 15 {
		return 0, fmt.Errorf("read the processor time of process %d: only %d fields", pid, len(f))
	}
	sum := 0
	for _, v := range f[11:15] { // utime, stime, cutime, cstime
		n, err := strconv.Atoi(v)
		if err != nil {
			return 0, fmt.Errorf("read the processor time of process %d: %w", pid, err)
		}
		sum += n
	}
	return time.Duration(sum) * time.Second / ticks, nil
}

// Peak is the most memory in bytes a process has ever held.
func Peak(pid int) (uint64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(v), " kB"), 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("process %d has no VmHWM in its status", pid)
}
