package site

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Child is a process that does not outlive its test.
type Child struct {
	Cmd  *exec.Cmd
	Log  string
	Done chan struct{}

	Quiet bool // shows nothing when the test fails
}

// begin starts the program as a long-running child; its log is shown if the
// test fails.
func (s *Site) begin(name string, args ...string) *Child {
	s.t.Helper()
	file := filepath.Join(s.Dir, name+".log")
	fresh := true
	if _, err := os.Stat(file); err == nil {
		fresh = false
	}
	log, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	c := &Child{Cmd: exec.Command(program, args...), Log: file, Done: make(chan struct{})}
	c.Cmd.Env = append(os.Environ(), s.Env...)
	c.Cmd.Stdout, c.Cmd.Stderr = log, log
	if err := c.Cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() { c.Cmd.Wait(); close(c.Done) }() // ends with the child
	s.t.Cleanup(func() {
		if s.t.Failed() && !c.Quiet {
			c.dump(s.t, name)
		}
		c.Kill()
		if fresh && s.t.Failed() && !c.Quiet {
			b, _ := os.ReadFile(file)
			b, _, _ = bytes.Cut(b, []byte(quit))
			s.t.Logf("the end of %s:\n%s", name, b[max(0, len(b)-6000):])
		}
	})
	return c
}

// quit is how the runtime begins what it prints at the end of a process that
// was asked to quit.
const quit = "SIGQUIT: quit\n"

// dump ends a child that still runs by SIGQUIT and shows where its goroutines
// were: a test that failed by waiting shows what it waited for.
func (c *Child) dump(t *testing.T, name string) {
	select {
	case <-c.Done:
		return
	default:
	}
	c.Cmd.Process.Signal(syscall.SIGCONT) // a test may have stopped it; fails only when it has just ended
	c.Cmd.Process.Signal(syscall.SIGQUIT)
	select {
	case <-c.Done:
	case <-time.After(10 * time.Second):
	}
	b, _ := os.ReadFile(c.Log)
	if _, stacks, found := bytes.Cut(b, []byte(quit)); found {
		stacks = ownStacks(stacks)
		t.Logf("the goroutines of %s:\n%s", name, stacks[:min(len(stacks), 40000)])
	}
}

// ownStacks leaves out the goroutines that run nothing of the program's own.
func ownStacks(stacks []byte) []byte {
	own := slices.DeleteFunc(bytes.Split(stacks, []byte("\n\n")), func(g []byte) bool {
		return !bytes.Contains(g, []byte("tidegate/agent/")) && !bytes.Contains(g, []byte("tidegate/daemon/"))
	})
	return bytes.Join(own, []byte("\n\n"))
}

// Kill ends the child as a lost host would. Doing so twice is fine.
func (c *Child) Kill() {
	c.Cmd.Process.Signal(syscall.SIGKILL) // fails only when it has ended already
	<-c.Done
}

// Peak is the most memory the child has ever held.
func (c *Child) Peak(t *testing.T) uint64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(v), " kB"), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal("no VmHWM in the child's status")
	return 0
}
