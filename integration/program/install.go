package program

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/run"
)

// Build makes the program below dir with the build tags and returns its path.
func Build(ctx context.Context, dir string, tags ...string) (string, error) {
	file := filepath.Join(dir, "tidegate")
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", strings.Join(tags, ","), "-o", file, "github.com/tidegate-io/tidegate/cmd/tidegate")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build tidegate: %w\n%s", err, out)
	}
	return file, nil
}

// Install is one installation: a daemon's address, and a directory for the
// data, files and logs of its processes.
type Install struct {
	Program string
	Dir     string
	Address string   // host:port of the daemon
	Env     []string // added to every process's environment
}

// NewInstall makes an installation below dir in which nothing runs yet.
func NewInstall(program, dir string, env ...string) (*Install, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	address, err := dbtest.Address()
	return &Install{Program: program, Dir: dir, Address: address, Env: env}, err
}

// Daemon starts a daemon.
func (in *Install) Daemon(more ...string) (*Process, error) {
	args := append([]string{"daemon", "--listen", in.Address, "--data-dir", filepath.Join(in.Dir, "daemon")}, more...)
	return Start(in.Program, filepath.Join(in.Dir, "daemon.log"), in.Env, args...)
}

// Agent starts an agent with a data directory of its own.
func (in *Install) Agent(id string, more ...string) (*Process, error) {
	args := append([]string{"agent", "--daemon", "http://" + in.Address, "--id", id, "--data-dir", filepath.Join(in.Dir, "agent-"+id)}, more...)
	return Start(in.Program, filepath.Join(in.Dir, "agent-"+id+".log"), in.Env, args...)
}

// Answer is what one command printed, and its exit status.
type Answer struct {
	Out, Err string
	Code     int
}

func (a Answer) String() string { return fmt.Sprintf("exit status %d\n%s%s", a.Code, a.Out, a.Err) }

// Call runs one command of an operator; its exit status is part of the answer.
func (in *Install) Call(ctx context.Context, args ...string) (Answer, error) {
	cmd := exec.CommandContext(ctx, in.Program, append([]string{"--address", "http://" + in.Address}, args...)...)
	cmd.Env = append(os.Environ(), in.Env...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	code, err := exitCode(cmd.Run())
	a := Answer{Out: out.String(), Err: stderr.String(), Code: code}
	if err != nil {
		return a, fmt.Errorf("tidegate %s: %w\n%s", strings.Join(args, " "), err, a)
	}
	return a, nil
}

// Must runs a command that has to succeed.
func (in *Install) Must(ctx context.Context, args ...string) (Answer, error) {
	a, err := in.Call(ctx, args...)
	if err == nil && a.Code != 0 {
		err = fmt.Errorf("tidegate %s: %s", strings.Join(args, " "), a)
	}
	return a, err
}

// Up waits until the daemon answers and an agent is connected.
func (in *Install) Up(ctx context.Context) error {
	return Until(ctx, 30*time.Second, "an agent to be connected", func() (bool, error) {
		a, err := in.Call(ctx, "--json", "agents")
		return a.Code == 0 && strings.Contains(strings.ReplaceAll(a.Out, " ", ""), `"alive":true`), err
	})
}

// Status is what scripts read.
type Status struct {
	run.Status
	Pipeline string `json:"pipeline"`
}

// Status asks for a pipeline's.
func (in *Install) Status(ctx context.Context, pipeline string) (st Status, err error) {
	a, err := in.Must(ctx, "--json", "status", pipeline)
	if err != nil {
		return st, err
	}
	if err := json.Unmarshal([]byte(a.Out), &st); err != nil {
		return st, fmt.Errorf("read the status of %s: %w\n%s", pipeline, err, a)
	}
	return st, nil
}

// Reach waits until a run is in one of the states; a run that stops in another
// is an error.
func (in *Install) Reach(ctx context.Context, limit time.Duration, pipeline string, states ...run.State) (last Status, err error) {
	err = Until(ctx, limit, fmt.Sprintf("%s to be in %v", pipeline, states), func() (bool, error) {
		if last, err = in.Status(ctx, pipeline); err != nil {
			return false, err
		}
		for _, want := range states {
			if last.State == want {
				return true, nil
			}
		}
		switch last.State {
		case run.Errored, run.CheckFailed, run.Stopped, run.Completed:
			report, _ := in.Call(ctx, "report", pipeline, "check") // there may be none
			return false, Final(fmt.Errorf("%s is in %s: %v\n%s", pipeline, last.State, last.Error, report))
		}
		return false, nil
	})
	return last, err
}

// final marks an error that no waiting mends.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// Final marks an error that no waiting mends.
func Final(err error) error { return final{err} }

// Until polls. An error of ask is shown only when the time runs out, unless it
// is final.
func Until(ctx context.Context, limit time.Duration, what string, ask func() (bool, error)) error {
	for deadline := time.Now().Add(limit); ; {
		ok, err := ask()
		if ok {
			return nil
		}
		if f, is := errors.AsType[final](err); is {
			return f.error
		}
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("waited %s for %s", limit, what), err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}
