package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/program"
	"github.com/tidegate-io/tidegate/internal/run"
)

// ours is the program at work: a daemon and an agent for one run.
type ours struct {
	*program.Install
	b       *bench
	metrics string // the agent's address for profiles
	daemon  *program.Process
	agent   *program.Process
}

// begin starts daemon and agent with nothing to do.
func (b *bench) begin(ctx context.Context) (*ours, error) {
	dir, err := os.MkdirTemp(b.work, "ours-")
	if err != nil {
		return nil, err
	}
	in, err := program.NewInstall(b.program, dir, "BENCH_PASSWORD="+dbtest.Password)
	if err != nil {
		return nil, err
	}
	o := &ours{Install: in, b: b}
	if o.metrics, err = dbtest.Address(); err != nil {
		return nil, err
	}
	if o.daemon, err = in.Daemon(); err != nil {
		return nil, err
	}
	if o.agent, err = in.Agent("bench", "--metrics-listen", o.metrics); err != nil {
		o.daemon.Kill()
		return nil, err
	}
	if err := in.Up(ctx); err != nil {
		o.end()
		return nil, err
	}
	return o, nil
}

// end stops both processes; what they had to say is in an error of the run.
func (o *ours) end() {
	o.agent.Kill()
	o.daemon.Kill()
}

// with lets do work with a fresh daemon and agent.
func (b *bench) with(ctx context.Context, do func(*ours) error) error {
	o, err := b.begin(ctx)
	if err != nil {
		return err
	}
	defer o.end()
	if err := do(o); err != nil {
		return fmt.Errorf("%w\nthe end of the agent's log:\n%s", err, program.Tail(o.agent.Log, 4000))
	}
	return nil
}

// pipeline is a file for one pipeline, p; body goes into its block.
func pipeline(from, to, body string) string {
	end := func(name, address string) string {
		return fmt.Sprintf("endpoint %q {\n  address  = %q\n  user     = %q\n  password = env(\"BENCH_PASSWORD\")\n  tls {\n    mode = \"disabled\"\n  }\n}\n", name, address, dbtest.User)
	}
	return end("old", from) + end("new", to) + "pipeline \"p\" {\n  from = endpoint.old\n  to = endpoint.new\n  objects {\n    database \"" + schema + "\" {}\n  }\n" + body + "}\n"
}

// apply hands a pipeline file to the daemon.
func (o *ours) apply(ctx context.Context, text string) error {
	file, err := o.write(text)
	if err != nil {
		return err
	}
	_, err = o.Must(ctx, "apply", file, "--yes")
	return err
}

func (o *ours) write(text string) (file string, err error) {
	file = filepath.Join(o.Dir, "p.hcl")
	return file, os.WriteFile(file, []byte(text), 0o600)
}

// measure is timed with what the agent uses.
func (o *ours) measure(l *lab, do func() error) (s sample, err error) {
	before, err := cpu(o.agent.PID())
	if err != nil {
		return s, err
	}
	profiled := o.profile()
	if s.Value, s.TargetCPU, err = l.timed(do); err != nil {
		return s, err
	}
	if err := profiled(); err != nil {
		return s, err
	}
	return s, o.usage(&s, before)
}

// usage notes what the agent has used since it had used before.
func (o *ours) usage(s *sample, before float64) error {
	after, err := cpu(o.agent.PID())
	if err != nil {
		return err
	}
	s.AgentCPU = after - before
	peak, err := program.Peak(o.agent.PID())
	s.PeakMiB = float64(peak) / (1 << 20)
	return err
}

func cpu(pid int) (float64, error) {
	d, err := program.CPU(pid)
	return d.Seconds(), err
}

// drained waits until the backlog's last transaction is on the target and every
// lane has committed the batch it is in. It returns after how many seconds the
// first batch was there.
func (o *ours) drained(ctx context.Context, l *lab) (first float64, err error) {
	began := time.Now()
	err = o.poll(ctx, l, "SELECT COALESCE(MAX(batch), 0) > 0 FROM _tidegate.ledger", 10*time.Millisecond)
	if err != nil {
		return 0, err
	}
	first = time.Since(began).Seconds()
	if err := o.poll(ctx, l, "SELECT COUNT(*) FROM "+schema+".marker WHERE id = 1", 20*time.Millisecond); err != nil {
		return 0, err
	}
	return first, o.poll(ctx, l, "SELECT COUNT(DISTINCT batch) FROM _tidegate.ledger", 5*time.Millisecond)
}

// poll asks the target until it says 1; the control tables may not be there
// yet. From time to time the run is looked at: it may have stopped.
func (o *ours) poll(ctx context.Context, l *lab, query string, every time.Duration) error {
	looked := time.Now()
	for {
		n, err := value(ctx, l.dst, query)
		if me, is := errors.AsType[*mysql.MySQLError](err); err != nil && (!is || !slices.Contains(notYet, me.Number)) {
			return err
		}
		if n == "1" {
			return nil
		}
		if time.Since(looked) > 5*time.Second {
			if err := o.healthy(ctx); err != nil {
				return err
			}
			looked = time.Now()
		}
		if err := pause(ctx, every); err != nil {
			return err
		}
	}
}

// notYet are a server's answers while the control tables are not made.
var notYet = []uint16{1049, 1146}

// healthy is an error when the run has stopped.
func (o *ours) healthy(ctx context.Context) error {
	st, err := o.Status(ctx, "p")
	if err == nil && !st.State.Working() {
		err = fmt.Errorf("the run is in %s: %v", st.State, st.Error)
	}
	return err
}

// caughtUp waits until the run says that nothing is behind.
func (o *ours) caughtUp(ctx context.Context) error {
	_, err := o.Reach(ctx, time.Minute, "p", run.CaughtUp)
	return err
}

// equal is an error where the two sides are not.
func (l *lab) equal(ctx context.Context, want string) error {
	got, err := checksums(ctx, l.dst)
	if err == nil && want != got {
		err = errors.New("the two sides differ\nsource:\n" + want + "target:\n" + got)
	}
	return err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
