package worker_test

import (
	"context"
	"errors"
	"net/http"
	"path"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/tidegate-io/tidegate/agent/worker"
	"github.com/tidegate-io/tidegate/api/tidegate/v1/tidegatev1connect"
	"github.com/tidegate-io/tidegate/checkpoint"
	"github.com/tidegate-io/tidegate/daemon/api"
	"github.com/tidegate-io/tidegate/daemon/control"
	"github.com/tidegate-io/tidegate/daemon/store"
	"github.com/tidegate-io/tidegate/internal/kv"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// daemonProc is a daemon as a process would run it: store, control, listener.
type daemonProc struct {
	*control.Control
	addr string
	end  func()
}

const lease = 600 * time.Millisecond

// startDaemon runs a daemon on dir; addr "" takes any port.
func startDaemon(t *testing.T, dir, addr string) *daemonProc {
	t.Helper()
	db, err := kv.Open(kv.Config{Dir: filepath.Join(dir, "store"), MemTable: store.MemTable, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	c, err := control.New(t.Context(), control.Config{Lease: lease, Sync: 20 * time.Millisecond}, control.Deps{Store: store.NewBadger(db), Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := api.Listen(addr, false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	reg := prometheus.NewRegistry()
	wg.Go(func() { _ = c.Run(ctx) })
	wg.Go(func() { _ = api.Serve(ctx, l, api.Handler(c, api.Config{Metrics: reg, Gather: reg})) })
	d := &daemonProc{Control: c, addr: l.Addr().String()}
	d.end = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(d.end)
	return d
}

// host is one agent's machine: its runners, and a cable that can be cut.
type host struct {
	id      string
	labels  map[string]string
	store   checkpoint.Store
	runners chan *fake // as they are made
	cut     sync.Mutex // held while the cable is cut
	call    func(procedure string) error
	making  func(run.Mode)
	leave   func() // ends the process, which says goodbye
	script  func(*fake, context.Context) error
}

func newHost(id string) *host {
	return &host{id: id, store: checkpoint.NewMemory(), runners: make(chan *fake, 32), script: passCheck}
}

// RoundTrip implements http.RoundTripper over a cable that can be cut.
func (h *host) RoundTrip(q *http.Request) (*http.Response, error) {
	if !h.cut.TryLock() {
		return nil, errors.New("cable is cut")
	}
	h.cut.Unlock()
	if h.call != nil {
		if err := h.call(path.Base(q.URL.Path)); err != nil {
			return nil, err
		}
	}
	return http.DefaultTransport.RoundTrip(q)
}

// start runs an agent process on the host. kill ends it without a word.
func (h *host) start(t *testing.T, daemon string) (kill func()) {
	t.Helper()
	w, err := worker.New(worker.Config{ID: h.id, Labels: h.labels, Capacity: 4, Dir: t.TempDir()}, worker.Deps{
		Daemon:  tidegatev1connect.NewAgentServiceClient(&http.Client{Transport: h}, "http://"+daemon),
		Factory: h.make, Checkpoints: h.store, Log: zerolog.Nop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.Run(ctx); err != nil && !errors.Is(err, worker.ErrReplaced) {
			t.Error(err)
		}
	}()
	h.leave = func() { cancel(); <-done }
	kill = sync.OnceFunc(func() {
		h.cut.Lock() // so that it cannot say goodbye
		cancel()
		<-done
		h.cut.Unlock()
	})
	t.Cleanup(kill)
	return kill
}

func (h *host) make(a run.Assignment, d worker.RunDeps) (worker.Runner, error) {
	f := &fake{as: a, deps: d, host: h, commands: make(chan run.Command, 16), status: run.Status{State: run.Preparing}, ended: make(chan struct{})}
	if h.making != nil {
		h.making(a.Mode)
	}
	h.runners <- f
	return f, nil
}

// fake is a Runner that does what its host's script says.
type fake struct {
	as       run.Assignment
	deps     worker.RunDeps
	host     *host
	commands chan run.Command
	ended    chan struct{}
	cause    error // why its context ended

	mu     sync.Mutex
	status run.Status
}

func (f *fake) Run(ctx context.Context) error {
	defer close(f.ended)
	defer func() { f.cause = context.Cause(ctx) }()
	return f.host.script(f, ctx)
}
func (f *fake) Control(c run.Command) { f.commands <- c }
func (f *fake) Status() run.Status    { f.mu.Lock(); defer f.mu.Unlock(); return f.status }
func (f *fake) set(s run.State) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status.State = s
}

// passCheck passes the check, and then is a well-behaved run.
func passCheck(f *fake, ctx context.Context) error {
	if f.as.Mode == run.ModePlan {
		f.deps.Sink.Report(run.Report{Kind: run.ReportPlan, Plan: &run.PlanReport{Rows: 7}})
		return nil
	}
	if f.as.Mode == run.ModeCheck {
		f.deps.Sink.Report(run.Report{Kind: run.ReportCheck, Check: &run.CheckReport{}})
		return nil
	}
	f.set(run.CaughtUp)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case c := <-f.commands:
			switch c.Kind {
			case run.Pause:
				f.set(run.Paused)
			case run.Resume:
				f.set(run.CaughtUp)
			case run.Verify:
				f.deps.Sink.Report(run.Report{Kind: run.ReportVerify, ID: c.ID, Verify: &run.VerifyReport{Equal: true}})
			case run.Complete:
				f.set(run.Completed)
				return nil
			}
		}
	}
}

// next waits for the next runner of a mode on the host.
func (h *host) next(t *testing.T, m run.Mode) *fake {
	t.Helper()
	limit := time.After(10 * time.Second)
	for {
		select {
		case f := <-h.runners:
			if f.as.Mode == m {
				return f
			}
		case <-limit:
			t.Fatalf("agent %s got no runner for %s", h.id, m)
		}
	}
}

// gone waits for the end of a runner, and returns why its context ended.
func (f *fake) gone(t *testing.T) error {
	t.Helper()
	select {
	case <-f.ended:
		return f.cause
	case <-time.After(10 * time.Second):
		t.Fatal("the runner goes on")
		return nil
	}
}

// nobody wants no runner on the host for a time in which the daemon is heard of
// many times.
func (h *host) nobody(t *testing.T) {
	t.Helper()
	select {
	case f := <-h.runners:
		t.Errorf("agent %s has a runner under epoch %d", h.id, f.as.Epoch)
	case <-time.After(lease / 2):
	}
}

// until waits for a pipeline to satisfy ok.
func until(t *testing.T, d *daemonProc, what string, ok func(control.View) bool) control.View {
	t.Helper()
	limit := time.Now().Add(10 * time.Second)
	for {
		v, err := d.Get("shop")
		if err == nil && ok(v) {
			return v
		}
		if time.Now().After(limit) {
			t.Fatalf("waiting for %s: %+v, %v", what, v, err)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func inState(s run.State) func(control.View) bool {
	return func(v control.View) bool { return v.Status.State == s }
}

func apply(t *testing.T, d *daemonProc, s spec.Pipeline) []control.Change {
	t.Helper()
	s.Name = "shop"
	ch, err := d.Apply(t.Context(), control.ApplyRequest{Pipelines: []spec.Pipeline{s}, Actor: "test", Source: "shop.hcl"})
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func operate(t *testing.T, d *daemonProc, op control.Op) string {
	t.Helper()
	_, id, err := d.Operate(t.Context(), control.Request{Pipeline: "shop", Op: op, Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return id
}
