package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/internal/run"
)

// site is one installation of the program: a daemon's address, and a directory
// for the data, files and logs of its processes.
type site struct {
	t       *testing.T
	dir     string
	address string // host:port
	env     []string
}

// newSite makes an installation in which nothing runs yet.
func newSite(t *testing.T) *site {
	t.Helper()
	if testing.Short() {
		t.Skip("needs servers; not with -short")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return &site{t: t, dir: t.TempDir(), address: l.Addr().String()}
}

// child is a process that does not outlive its test.
type child struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{}
}

// begin starts the program as a long-running child; its log is shown if the
// test fails.
func (s *site) begin(name string, args ...string) *child {
	s.t.Helper()
	file := filepath.Join(s.dir, name+".log")
	fresh := true
	if _, err := os.Stat(file); err == nil {
		fresh = false
	}
	log, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	c := &child{cmd: exec.Command(program, args...), log: file, done: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), s.env...)
	c.cmd.Stdout, c.cmd.Stderr = log, log
	if err := c.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() { c.cmd.Wait(); close(c.done) }() // ends with the child
	s.t.Cleanup(func() {
		c.kill()
		if fresh && s.t.Failed() {
			b, _ := os.ReadFile(file)
			s.t.Logf("the end of %s:\n%s", name, b[max(0, len(b)-6000):])
		}
	})
	return c
}

// dev starts daemon and agent in one process.
func (s *site) dev(more ...string) *child {
	return s.begin("dev", append([]string{"dev", "--listen", s.address, "--data-dir", filepath.Join(s.dir, "dev")}, more...)...)
}

func (s *site) daemon(more ...string) *child {
	return s.begin("daemon", append([]string{"daemon", "--listen", s.address, "--data-dir", filepath.Join(s.dir, "daemon")}, more...)...)
}

// agent starts an agent with a data directory of its own.
func (s *site) agent(id string, more ...string) *child {
	return s.begin("agent-"+id, append([]string{"agent", "--daemon", "http://" + s.address, "--id", id, "--data-dir", filepath.Join(s.dir, "agent-"+id)}, more...)...)
}

// kill ends the child as a lost host would. Doing so twice is fine.
func (c *child) kill() {
	c.cmd.Process.Signal(syscall.SIGKILL) // fails only when it has ended already
	<-c.done
}

// answer is what one command printed, and its exit status.
type answer struct {
	out, err string
	code     int
}

func (a answer) String() string { return fmt.Sprintf("exit status %d\n%s%s", a.code, a.out, a.err) }

// call runs one command of an operator.
func (s *site) call(args ...string) answer {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append([]string{"--address", "http://" + s.address}, args...)...)
	cmd.Env = append(os.Environ(), s.env...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	a := answer{out: out.String(), err: stderr.String()}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && ctx.Err() == nil {
		a.code = exit.ExitCode()
	} else if err != nil {
		s.t.Fatalf("tidegate %s: %v\n%s", strings.Join(args, " "), err, a)
	}
	return a
}

// must runs a command that has to succeed.
func (s *site) must(args ...string) answer {
	s.t.Helper()
	a := s.call(args...)
	if a.code != 0 {
		s.t.Fatalf("tidegate %s: %s", strings.Join(args, " "), a)
	}
	return a
}

// write makes a file of the installation.
func (s *site) write(name, text string) string {
	s.t.Helper()
	file := filepath.Join(s.dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return file
}

// apply gives a pipeline file to the daemon as soon as that answers.
func (s *site) apply(file string) {
	s.t.Helper()
	s.up()
	s.must("apply", file, "--yes")
}

// up waits until the daemon answers and an agent is connected.
func (s *site) up() {
	s.t.Helper()
	s.until(30*time.Second, "an agent to be connected", func() (bool, string) {
		a := s.call("--json", "agents")
		return a.code == 0 && strings.Contains(strings.ReplaceAll(a.out, " ", ""), `"alive":true`), a.String()
	})
}

// until polls; what ask says last is shown if the time runs out.
func (s *site) until(limit time.Duration, what string, ask func() (bool, string)) {
	s.t.Helper()
	for deadline := time.Now().Add(limit); ; time.Sleep(100 * time.Millisecond) {
		ok, said := ask()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("waited %s for %s: %s", limit, what, said)
		}
	}
}

// status is what scripts read.
type status struct {
	run.Status
	Run     string   `json:"run"`
	Agent   string   `json:"agent"`
	Epoch   uint64   `json:"epoch"`
	Allowed []string `json:"allowed"`
}

func (s status) copied() (rows, estimated uint64) {
	for _, t := range s.Tables {
		rows, estimated = rows+t.RowsDone, estimated+t.RowsEstimated
	}
	return rows, estimated
}

// status asks for a pipeline's; ok is false while the daemon is away.
func (s *site) status(pipeline string) (st status, ok bool) {
	s.t.Helper()
	a := s.call("--json", "status", pipeline)
	if a.code != 0 {
		return st, false
	}
	if err := json.Unmarshal([]byte(a.out), &st); err != nil {
		s.t.Fatalf("read status: %v\n%s", err, a)
	}
	return st, true
}

// reach waits until a run satisfies ok, and fails the test if it stops before.
func (s *site) reach(limit time.Duration, pipeline, what string, ok func(status) bool) status {
	s.t.Helper()
	var last status
	s.until(limit, pipeline+": "+what, func() (bool, string) {
		st, answered := s.status(pipeline)
		if !answered {
			return false, "no answer"
		}
		last = st
		if ok(st) {
			return true, ""
		}
		switch st.State {
		case run.Errored, run.CheckFailed, run.Stopped, run.Completed:
			s.t.Fatalf("%s is %s: %+v\n%s", pipeline, st.State, st.Error, s.call("report", pipeline, "check"))
		}
		said := fmt.Sprintf("state %s, step %s, %s", st.State, st.Step, st.Reason)
		if st.Error != nil {
			said += ": " + st.Error.Message
		}
		return false, said
	})
	return last
}

// caughtUp waits until nothing is behind.
func (s *site) caughtUp(limit time.Duration, pipeline string) status {
	s.t.Helper()
	return s.reach(limit, pipeline, "caught up with nothing behind", func(st status) bool {
		return st.State == run.CaughtUp && st.LagSeconds != nil && *st.LagSeconds == 0 && st.GapBytes != nil && *st.GapBytes == 0
	})
}

// inState waits for one of the states.
func (s *site) inState(limit time.Duration, pipeline string, states ...run.State) status {
	s.t.Helper()
	return s.reach(limit, pipeline, fmt.Sprint("state ", states), func(st status) bool {
		for _, want := range states {
			if st.State == want {
				return true
			}
		}
		return false
	})
}
