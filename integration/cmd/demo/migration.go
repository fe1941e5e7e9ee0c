package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/program"
)

// migration is one demonstrated run.
type migration struct {
	program  string
	work     string
	from, to dbtest.Flavor

	src, dst *dbtest.Server
	install  *program.Install
	daemon   *program.Process
	agent    *program.Process
	shop     *shop
	res      result
}

// result is what a demonstrated run measured.
type result struct {
	pair       string
	rows       uint64
	bytes      uint64
	copyTime   time.Duration
	changes    uint64 // transactions of the workload
	highestLag float64
	writeStop  float64 // milliseconds
	equal      bool
	took       time.Duration
}

func (m *migration) say(format string, a ...any) {
	fmt.Printf("[%s to %s] %s\n", m.from, m.to, fmt.Sprintf(format, a...))
}

func (m *migration) run(ctx context.Context) (res result, err error) {
	m.res.pair = fmt.Sprintf("%s to %s", m.from, m.to)
	if err := os.MkdirAll(m.work, 0o755); err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, m.cleanUp()) }()
	if err := m.servers(ctx); err != nil {
		return res, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m.say("writing %d orders to the source", *orders)
	m.shop = &shop{db: m.src.DB(), flavor: m.from}
	if err := m.shop.create(ctx, *orders); err != nil {
		return res, fmt.Errorf("fill the source: %w", err)
	}
	if err := m.programs(); err != nil {
		return res, err
	}
	m.shop.buyers = m.src.Open("customer", demoPassword, "")
	defer m.shop.buyers.Close()
	m.shop.start(ctx)
	defer m.shop.stop()
	for _, step := range []func(context.Context) error{m.apply, m.killInCopy, m.killInStream, m.catchUp, m.verify, m.cutover} {
		if err := step(ctx); err != nil {
			return res, err
		}
	}
	return m.res, nil
}

func (m *migration) servers(ctx context.Context) (err error) {
	args := []string{"--innodb-buffer-pool-size=512M"}
	if m.src, err = dbtest.Launch(ctx, dbtest.Config{Flavor: m.from, Args: args}); err != nil {
		return err
	}
	m.dst, err = dbtest.Launch(ctx, dbtest.Config{Flavor: m.to, Args: args})
	return err
}

// programs starts a daemon, and an agent in a process of its own.
func (m *migration) programs() (err error) {
	if m.install, err = program.NewInstall(m.program, m.work, "DEMO_PASSWORD="+demoPassword); err != nil {
		return err
	}
	if m.daemon, err = m.install.Daemon(); err != nil {
		return err
	}
	return m.startAgent()
}

func (m *migration) startAgent() (err error) {
	m.agent, err = m.install.Agent("demo")
	return err
}

// cli runs one operator command; its exit status is part of the answer.
func (m *migration) cli(ctx context.Context, args ...string) (out []byte, code int, err error) {
	a, err := m.install.Call(ctx, args...)
	if a.Code != 0 {
		a.Out += a.Err
	}
	return []byte(a.Out), a.Code, err
}

// killAgent ends the agent as a lost host would, and starts another.
func (m *migration) killAgent(where string) error {
	m.say("SIGKILL to the agent in the middle of the %s", where)
	m.agent.Kill()
	return m.startAgent()
}

func (m *migration) cleanUp() error {
	if m.shop != nil {
		m.shop.stop()
	}
	for _, p := range []*program.Process{m.agent, m.daemon} {
		if p != nil {
			p.Kill()
		}
	}
	var errs []error
	for _, s := range []*dbtest.Server{m.src, m.dst} {
		if s != nil {
			errs = append(errs, s.Stop())
		}
	}
	return errors.Join(errs...)
}

func (m *migration) logTail() string {
	out := ""
	for _, name := range []string{"daemon.log", "agent-demo.log"} {
		b, err := os.ReadFile(filepath.Join(m.work, name))
		if err == nil {
			out += "--- the end of " + name + "\n" + string(b[max(0, len(b)-4000):]) + "\n"
		}
	}
	return out
}
