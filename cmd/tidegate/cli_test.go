package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/agent/worker"
	"github.com/tidegate-io/tidegate/internal/obs"
	"github.com/tidegate-io/tidegate/internal/run"
)

// engine is a Runner without databases: users called "bad" fail their check,
// and every second comparison finds a difference.
type engine struct {
	as       run.Assignment
	deps     worker.RunDeps
	commands chan run.Command
	mu       sync.Mutex
	state    run.State
}

func newEngine(a run.Assignment, d worker.RunDeps) (worker.Runner, error) {
	return &engine{as: a, deps: d, commands: make(chan run.Command, 8), state: run.Preparing}, nil
}

func (e *engine) Control(c run.Command) { e.commands <- c }

func (e *engine) Status() run.Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := run.Status{State: e.state}
	if e.state == run.CaughtUp {
		s.LagSeconds, s.GapBytes = new(float64), new(uint64)
	}
	return s
}

func (e *engine) set(s run.State) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.state = s
}

func (e *engine) Run(ctx context.Context) error {
	check := run.CheckReport{Findings: []run.Finding{{ID: "connect", Level: run.LevelOK, Object: "source"}}}
	if e.as.Spec.From.User == "bad" {
		check.Findings[0] = run.Finding{ID: "connect", Level: run.LevelError, Object: "source", Found: "access denied", Remedy: "correct the password"}
	}
	switch e.as.Mode {
	case run.ModeCheck:
		e.deps.Sink.Report(run.Report{Kind: run.ReportCheck, Check: &check})
		return nil
	case run.ModePlan:
		e.deps.Sink.Report(run.Report{Kind: run.ReportPlan, Plan: &run.PlanReport{Rows: 42, Check: check}})
		return nil
	}
	e.set(run.CaughtUp)
	for equal := true; ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case c := <-e.commands:
			switch c.Kind {
			case run.Verify:
				e.deps.Sink.Report(run.Report{Kind: run.ReportVerify, ID: c.ID, Verify: &run.VerifyReport{Equal: equal}})
				equal = !equal
			case run.Complete:
				e.set(run.Completed)
				return nil
			}
		}
	}
}

// serve runs daemon and agent with that engine and returns their address.
func serve(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	d := daemonFlags{dataDir: dir, listen: "unix:" + filepath.Join(dir, "api.sock"), lease: 10 * time.Second}
	p, err := d.open(t.Context(), zerolog.Nop(), obs.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	a, err := openAgent(agentSettings{id: "dev", capacity: 4, dataDir: filepath.Join(dir, "agent"), daemon: p.address(), factory: newEngine}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- runDev(ctx, p, a) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		a.close()
		p.close()
	})
	return d.listen
}

const shop = `
endpoint "old" {
  address = "127.0.0.1:1"
  user    = "USER"
}
endpoint "new" {
  address = "127.0.0.1:2"
  user    = "u"
}
variable "site" {
  type    = string
  default = ""
}
pipeline "NAME" {
  from = endpoint.old
  to   = endpoint.new
  agent {
    labels = var.site == "" ? {} : { site = var.site }
  }
  objects {
    database "shop" {}
  }
}
`

func file(t *testing.T, name, user string) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), name+".hcl")
	if err := os.WriteFile(f, []byte(strings.NewReplacer("USER", user, "NAME", name).Replace(shop)), 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

// cli runs one command line; want is its exit status, and text stands in its output.
func cli(t *testing.T, address string, want int, text string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	got := execute(t.Context(), append([]string{"--address", address}, args...), &out, &errs)
	if got != want || !strings.Contains(out.String()+errs.String(), text) {
		t.Fatalf("tidegate %s: exit %d, want %d and %q in:\n%s%s", strings.Join(args, " "), got, want, text, out.String(), errs.String())
	}
	return out.String()
}

// The exit statuses and the JSON are contracts.
func TestContract(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for a few syncs of a second")
	}
	d := serve(t)
	good, bad := file(t, "shop", "u"), file(t, "bad", "bad")
	cli(t, d, 0, "shop: will be created", "plan", good)
	cli(t, d, 3, "access denied", "plan", bad)
	cli(t, d, 2, "no terminal", "apply", good)
	cli(t, d, 0, "shop: created", "apply", good, "--yes")
	cli(t, d, 0, "shop: unchanged", "apply", "--yes", good)
	cli(t, d, 0, "caught_up", "wait", "shop", "--for", "running", "--timeout", "20s")
	cli(t, d, 5, "not completed", "wait", "shop", "--for", "completed", "--timeout", "300ms")

	var s struct {
		Pipeline, Run, State, Agent string
		Lag                         *float64 `json:"lag_seconds"`
		Tables                      []any
		Allowed                     []string
	}
	if err := json.Unmarshal([]byte(cli(t, d, 0, "", "--json", "status", "shop")), &s); err != nil {
		t.Fatal(err)
	}
	if s.Pipeline != "shop" || s.Run == "" || s.State != "caught_up" || s.Agent != "dev" || s.Lag == nil || s.Tables == nil || len(s.Allowed) == 0 {
		t.Errorf("status: %+v", s)
	}
	cli(t, d, 0, `"pipeline": "shop"`, "--json", "status")
	cli(t, d, 0, `"equal": true`, "--json", "verify", "shop", "--wait")
	cli(t, d, 3, "different", "verify", "shop", "--wait")
	cli(t, d, 0, "", "complete", "shop")
	cli(t, d, 0, "completed", "wait", "shop", "--for", "completed", "--timeout", "20s")
	cli(t, d, 0, "completed", "complete", "shop")
	cli(t, d, 1, "shop is completed", "wait", "shop", "--for", "caught_up")
	cli(t, d, 2, "not allowed while shop is completed", "pause", "shop")
	cli(t, d, 0, "completing -> completed", "events", "shop")
	cli(t, d, 0, "alive", "agents")

	cli(t, d, 0, "bad: created", "apply", bad, "--yes")
	cli(t, d, 3, "correct the password", "wait", "bad", "--for", "running", "--timeout", "20s")
	cli(t, d, 3, "access denied", "check", "bad")
	cli(t, d, 2, "no agent carries the labels site=moon", "apply", file(t, "moon", "u"), "--yes", "-var", "site=moon")
	cli(t, d, 0, "deleted", "delete", "shop")
	cli(t, d, 2, `"code":"unknown-pipeline"`, "--json", "status", "shop")
}

func TestUsage(t *testing.T) {
	nowhere := "http://127.0.0.1:1"
	broken := filepath.Join(t.TempDir(), "broken.hcl")
	if err := os.WriteFile(broken, []byte("pipeline \"x\" {\n  frm = 1\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := file(t, "shop", "u")
	for _, tc := range []struct {
		want int
		text string
		args []string
	}{
		{0, "Valid", []string{"validate", good}},
		{2, "frm", []string{"validate", broken}},
		{2, "frm", []string{"apply", broken, "--yes"}},
		{2, "no such file", []string{"validate", broken + "x"}},
		{0, "", []string{"fmt", "--check", good}},
		{2, "cannot be reached", []string{"status"}},
		{2, `"code":"unavailable"`, []string{"--json", "apply", good, "--yes"}},
		{2, "unknown command", []string{"bogus"}},
		{2, "unknown flag", []string{"status", "--bogus"}},
		{2, "name one pipeline", []string{"pause"}},
		{2, "no such state", []string{"wait", "shop", "--for", "bogus"}},
		{2, "no token is required", []string{"dev", "--data-dir", t.TempDir(), "--listen", "0.0.0.0:0"}},
		{2, "is not a setting", []string{"daemon", "--config", good, "--data-dir", t.TempDir()}},
		{0, "tidegate", []string{"version"}},
	} {
		cli(t, nowhere, tc.want, tc.text, tc.args...)
	}
}

func TestConfigFile(t *testing.T) {
	f := filepath.Join(t.TempDir(), "agent.conf")
	t.Setenv("TG_DIR", "/creds")
	if err := os.WriteFile(f, []byte("# comment\n\ntoken-file = ${TG_DIR}/token\ncapacity=3\nlabels = \"site=a,b=c\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TIDEGATE_CAPACITY", "5")
	c := newAgent(&globals{})
	if err := c.ParseFlags([]string{"--labels", "x=y"}); err != nil {
		t.Fatal(err)
	}
	if err := settle(c, f); err != nil {
		t.Fatal(err)
	}
	for flag, want := range map[string]string{"token-file": "/creds/token", "capacity": "5", "labels": "x=y"} {
		if got := c.Flags().Lookup(flag).Value.String(); got != want {
			t.Errorf("%s = %q, want %q", flag, got, want)
		}
	}
}
