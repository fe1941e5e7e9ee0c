package site

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// Site is one installation of the program: a daemon's address, and a directory
// for the data, files and logs of its processes.
type Site struct {
	t       *testing.T
	Dir     string
	Address string // host:port
	Env     []string
}

// New makes an installation in which nothing runs yet.
func New(t *testing.T) *Site {
	t.Helper()
	if testing.Short() {
		t.Skip("needs servers; not with -short")
	}
	address, err := dbtest.Address()
	if err != nil {
		t.Fatal(err)
	}
	return &Site{t: t, Dir: t.TempDir(), Address: address}
}

// Dev starts daemon and agent in one process.
func (s *Site) Dev(more ...string) *Child {
	return s.begin("dev", append([]string{"dev", "--listen", s.Address, "--data-dir", filepath.Join(s.Dir, "dev")}, more...)...)
}

// Daemon starts a daemon.
func (s *Site) Daemon(more ...string) *Child {
	return s.begin("daemon", append([]string{"daemon", "--listen", s.Address, "--data-dir", filepath.Join(s.Dir, "daemon")}, more...)...)
}

// Agent starts an agent with a data directory of its own.
func (s *Site) Agent(id string, more ...string) *Child {
	return s.begin("agent-"+id, append([]string{"agent", "--daemon", "http://" + s.Address, "--id", id, "--data-dir", filepath.Join(s.Dir, "agent-"+id)}, more...)...)
}

// Answer is what one command printed, and its exit status.
type Answer struct {
	Out, Err string
	Code     int
}

func (a Answer) String() string { return fmt.Sprintf("exit status %d\n%s%s", a.Code, a.Out, a.Err) }

// Call runs one command of an operator.
func (s *Site) Call(args ...string) Answer {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append([]string{"--address", "http://" + s.Address}, args...)...)
	cmd.Env = append(os.Environ(), s.Env...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	a := Answer{Out: out.String(), Err: stderr.String()}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && ctx.Err() == nil {
		a.Code = exit.ExitCode()
	} else if err != nil {
		s.t.Fatalf("tidegate %s: %v\n%s", strings.Join(args, " "), err, a)
	}
	return a
}

// Must runs a command that has to succeed.
func (s *Site) Must(args ...string) Answer {
	s.t.Helper()
	a := s.Call(args...)
	if a.Code != 0 {
		s.t.Fatalf("tidegate %s: %s", strings.Join(args, " "), a)
	}
	return a
}

// Write makes a file of the installation.
func (s *Site) Write(name, text string) string {
	s.t.Helper()
	file := filepath.Join(s.Dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return file
}

// Apply gives a pipeline file to the daemon as soon as that answers.
func (s *Site) Apply(file string) {
	s.t.Helper()
	s.Up()
	s.Must("apply", file, "--yes")
}

// Up waits until the daemon answers and an agent is connected.
func (s *Site) Up() {
	s.t.Helper()
	s.Until(30*time.Second, "an agent to be connected", func() (bool, string) {
		a := s.Call("--json", "agents")
		return a.Code == 0 && strings.Contains(strings.ReplaceAll(a.Out, " ", ""), `"alive":true`), a.String()
	})
}

// Until polls; what ask says last is shown if the time runs out.
func (s *Site) Until(limit time.Duration, what string, ask func() (bool, string)) {
	s.t.Helper()
	for deadline := time.Now().Add(limit); ; time.Sleep(250 * time.Millisecond) {
		ok, said := ask()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("waited %s for %s: %s", limit, what, said)
		}
	}
}
