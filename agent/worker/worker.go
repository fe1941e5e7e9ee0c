package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"google.golang.org/protobuf/proto"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/api/tidegate/v1/tidegatev1connect"
	"github.com/tidegate-io/tidegate/checkpoint"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/spec"
	"github.com/tidegate-io/tidegate/internal/wire"
)

// client is the daemon, as an agent sees it.
type client = tidegatev1connect.AgentServiceClient

// Config of a Worker.
type Config struct {
	ID       string
	Labels   map[string]string
	Capacity int // runs at once
	Version  string
	Host     string
	Dir      string // where runners may put what does not outlive them
}

// Deps of a Worker.
type Deps struct {
	Daemon      tidegatev1connect.AgentServiceClient
	Factory     Factory
	Checkpoints checkpoint.Store
	Log         zerolog.Logger
}

// Worker runs what the daemon assigns to this agent.
type Worker struct {
	cfg      Config
	deps     Deps
	log      zerolog.Logger
	instance string
	kicked   chan struct{}
	group    sync.WaitGroup // runners and checkpoint pushers

	mu   sync.Mutex // guards jobs for metrics; only the loop changes it
	jobs map[string]*job

	state struct {
		sync.Mutex
		turned    time.Time
		connected bool
	}
}

// callLimit bounds one call: a daemon that hangs is as good as away.
const callLimit = 10 * time.Second

// oneCall is how many bytes of runs' reports or records go into one call; what
// a single run has to say goes whole.
const oneCall = 4 << 20

// New starts nothing.
func New(cfg Config, deps Deps) (*Worker, error) {
	if cfg.ID == "" {
		return nil, errors.New("an agent needs an id")
	}
	if cfg.Dir == "" {
		return nil, fmt.Errorf("agent %s: no folder to work in", cfg.ID)
	}
	if cfg.Capacity < 1 {
		return nil, fmt.Errorf("agent %s: capacity %d: must be at least 1", cfg.ID, cfg.Capacity)
	}
	w := &Worker{
		cfg: cfg, deps: deps, log: deps.Log.With().Str("component", "worker").Str("agent", cfg.ID).Logger(),
		instance: uuid.NewString(), kicked: make(chan struct{}, 1), jobs: map[string]*job{},
	}
	w.state.turned = time.Now()
	return w, nil
}

// ErrReplaced says that another process has registered under this agent's id.
var ErrReplaced = errors.New("another process has registered under this agent's id")

// Run works until ctx ends or the agent's id is taken by another process.
func (w *Worker) Run(ctx context.Context) error {
	defer w.group.Wait()
	if err := os.RemoveAll(filepath.Join(w.cfg.Dir, "scratch")); err != nil { // of a process that was killed
		return fmt.Errorf("empty the agent's scratch folder: %w", err)
	}
	every, err := w.register(ctx)
	if err != nil || ctx.Err() != nil { // ended before the daemon ever answered
		return err
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	copying, stop := context.WithCancel(ctx)
	defer stop()
	w.group.Go(func() { w.replicate(copying) })
	w.group.Go(func() { w.listen(copying, every) })
	for {
		err := w.turn(ctx)
		switch {
		case ctx.Err() != nil:
			return w.leave(ctx)
		case connect.CodeOf(err) == connect.CodeFailedPrecondition:
			if _, err := w.register(ctx); err != nil {
				return err
			}
			continue
		case connect.CodeOf(err) == connect.CodeAborted:
			w.endAll(run.ErrFenced)
			return fmt.Errorf("agent %s: %w", w.cfg.ID, ErrReplaced)
		}
		w.note(err)
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-w.kicked:
		}
	}
}

// note remembers how the daemon answered, and logs only what is new.
func (w *Worker) note(err error) {
	w.state.Lock()
	defer w.state.Unlock()
	w.state.turned = time.Now()
	if was := w.state.connected; was != (err == nil) {
		w.state.connected = err == nil
		if err != nil {
			w.log.Warn().Err(err).Msg("daemon is away, runs go on")
		} else {
			w.log.Info().Msg("in touch with the daemon")
		}
	}
}

// Alive reports whether the loop turns, in touch with the daemon or not.
func (w *Worker) Alive() bool {
	w.state.Lock()
	defer w.state.Unlock()
	return time.Since(w.state.turned) < 3*callLimit
}

// register makes the agent known, however long the daemon takes to be there.
func (w *Worker) register(ctx context.Context) (time.Duration, error) {
	wait := 100 * time.Millisecond
	for {
		call, cancel := context.WithTimeout(ctx, callLimit)
		resp, err := w.deps.Daemon.Register(call, connect.NewRequest(&pb.RegisterRequest{
			Agent: w.cfg.ID, Instance: w.instance, Labels: w.cfg.Labels, Capacity: uint32(w.cfg.Capacity),
			Version: w.cfg.Version, Host: w.cfg.Host,
		}))
		cancel()
		if err == nil {
			w.note(nil)
			return time.Duration(resp.Msg.GetSyncSeconds() * float64(time.Second)), nil
		}
		if code := connect.CodeOf(err); code == connect.CodeUnauthenticated || code == connect.CodeInvalidArgument {
			return 0, fmt.Errorf("register agent %s: %w", w.cfg.ID, err)
		}
		w.log.Warn().Err(err).Dur("retry_in", wait).Msg("daemon cannot be reached")
		w.state.Lock()
		w.state.turned = time.Now()
		w.state.Unlock()
		select {
		case <-ctx.Done():
			return 0, nil
		case <-time.After(wait):
			wait = min(2*wait, 5*time.Second)
		}
	}
}

// listen lets the loop turn at once when the daemon has something new.
func (w *Worker) listen(ctx context.Context, every time.Duration) {
	seen := uint64(0)
	for ctx.Err() == nil {
		call, cancel := context.WithTimeout(ctx, 3*callLimit)
		resp, err := w.deps.Daemon.Await(call, connect.NewRequest(&pb.AwaitRequest{Agent: w.cfg.ID, Seen: seen}))
		cancel()
		if err == nil {
			if n := resp.Msg.GetChanges(); n != seen {
				seen = n
				w.kick()
			}
			continue
		}
		select { // the loop reports anyway, and says that the daemon is away
		case <-ctx.Done():
		case <-time.After(every):
		}
	}
}

func (w *Worker) kick() {
	select {
	case w.kicked <- struct{}{}:
	default:
	}
}

// turn tells the daemon everything, and does what it answers.
func (w *Worker) turn(ctx context.Context) error {
	w.deliver(ctx)
	resp, err := w.sync(ctx, false)
	if err != nil {
		return err
	}
	return w.reconcile(ctx, resp.GetAssignments())
}

// deliver sends what the runners have to tell.
func (w *Worker) deliver(ctx context.Context) {
	q := &pb.ReportRequest{Agent: w.cfg.ID}
	var from []*outbox
	size := 0
	flush := func() {
		if len(from) == 0 {
			return
		}
		call, cancel := context.WithTimeout(ctx, callLimit)
		defer cancel()
		if _, err := w.deps.Daemon.Report(call, connect.NewRequest(q)); err == nil { // of a fenced run nobody wants to know
			for i, out := range from {
				out.sent(len(q.Runs[i].Events), len(q.Runs[i].Reports))
			}
		}
		q.Runs, from, size = nil, nil, 0
	}
	for _, j := range w.jobs {
		events, reports := j.out.pending()
		if len(events)+len(reports) == 0 {
			continue
		}
		f := &pb.RunFindings{Run: j.as.Run, Epoch: j.as.Epoch, Events: events, Reports: reports}
		q.Runs, from = append(q.Runs, f), append(from, j.out)
		if size += proto.Size(f); size >= oneCall {
			flush()
		}
	}
	flush()
}

func (w *Worker) sync(ctx context.Context, leaving bool) (*pb.SyncResponse, error) {
	q := &pb.SyncRequest{Agent: w.cfg.ID, Instance: w.instance, Leaving: leaving}
	for _, j := range w.jobs {
		s, ended := j.report()
		if events, reports := j.out.pending(); ended && len(events)+len(reports) > 0 && !leaving {
			ended = false // first the reports, then the end
			s.State = run.Preparing
		}
		q.Runs = append(q.Runs, &pb.RunReport{Run: j.as.Run, Epoch: j.as.Epoch, Status: wire.StatusProto(s), Ended: ended, Version: j.version})
	}
	call, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	resp, err := w.deps.Daemon.Sync(call, connect.NewRequest(q))
	if err != nil {
		return nil, err
	}
	return resp.Msg, nil
}

// reconcile makes the set of jobs what the daemon wants.
func (w *Worker) reconcile(ctx context.Context, want []*pb.Assignment) error {
	wanted := map[string]*pb.Assignment{}
	for _, a := range want {
		wanted[a.GetRun()] = a
	}
	for id, j := range w.jobs {
		a := wanted[id]
		mine := a != nil && a.GetEpoch() == j.as.Epoch
		switch _, ended := j.report(); {
		case !mine && ended:
			w.mu.Lock()
			delete(w.jobs, id)
			w.mu.Unlock()
		case !mine:
			j.cancel(run.ErrFenced)
		case a.GetDesired().GetStop():
			j.cancel(run.ErrStopped)
		default:
			if err := retune(j, a); err != nil {
				return err
			}
			j.want(a.GetDesired())
		}
	}
	for id, a := range wanted {
		if _, busy := w.jobs[id]; busy { // perhaps with an older epoch that is still ending
			continue
		}
		if err := w.start(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func retune(j *job, a *pb.Assignment) error {
	if a.GetVersion() <= j.version {
		return nil
	}
	var s spec.Pipeline
	if err := json.Unmarshal(a.GetSpec(), &s); err != nil {
		return fmt.Errorf("read pipeline %s: %w", a.GetPipeline(), err)
	}
	j.version = a.GetVersion()
	j.tell(run.Command{Kind: run.Retune, Spec: &s})
	return nil
}

// start begins a job.
func (w *Worker) start(ctx context.Context, a *pb.Assignment) error {
	as := run.Assignment{
		Run: a.GetRun(), Pipeline: a.GetPipeline(), Epoch: a.GetEpoch(), Mode: run.Mode(a.GetMode()), ServerID: a.GetServerId(),
	}
	if err := json.Unmarshal(a.GetSpec(), &as.Spec); err != nil {
		return fmt.Errorf("read pipeline %s: %w", as.Pipeline, err)
	}
	log := w.deps.Log.With().Str("pipeline", as.Pipeline).Str("run", as.Run).Uint64("epoch", as.Epoch).Logger()
	// Not a child of ctx: a process that ends tells its runners why.
	jctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	j := &job{
		as: as, version: a.GetVersion(), log: log, out: &outbox{kick: w.kick}, metrics: prometheus.NewRegistry(),
		cancel: cancel, done: make(chan struct{}),
	}
	store := &replicated{Store: w.deps.Checkpoints, run: as.Run, epoch: as.Epoch}
	if as.Mode == run.ModeRun {
		j.store = store
	}
	j.want(a.GetDesired())
	if a.GetDesired().GetStop() { // it is only to let go of what is left on the target
		cancel(run.ErrStopped)
	}
	w.mu.Lock()
	w.jobs[as.Run] = j
	w.mu.Unlock()
	log.Info().Str("mode", string(as.Mode)).Msg("run assigned")
	w.group.Go(func() {
		defer w.kick()
		defer cancel(nil)
		defer func() { _ = os.RemoveAll(w.scratch(as)) }()
		defer close(j.done)
		j.run(jctx, func(ctx context.Context) (Runner, error) { return w.build(ctx, j, store) })
		if as.Mode == run.ModeRun { // what it saved last, whatever ended it, before the run is given back
			w.push(context.WithoutCancel(jctx), store)
		}
	})
	return nil
}

// build brings the checkpoint up to date and makes the runner.
func (w *Worker) build(ctx context.Context, j *job, store *replicated) (Runner, error) {
	if j.as.Mode == run.ModeRun {
		call, cancel := context.WithTimeout(ctx, callLimit)
		err := store.fetch(call, w.deps.Daemon, w.cfg.ID)
		cancel()
		if err != nil && ctx.Err() == nil { // the target has the truth: a missing checkpoint costs time only
			j.log.Warn().Err(err).Msg("replicated checkpoint cannot be had, going on with the local one")
		}
	}
	return w.deps.Factory(j.as, RunDeps{
		Log: j.log, Sink: j.out, Checkpoints: store, Dir: w.scratch(j.as),
		Metrics: prometheus.WrapRegistererWith(prometheus.Labels{"pipeline": j.as.Pipeline}, j.metrics),
	})
}

// scratch is an assignment's own folder.
func (w *Worker) scratch(as run.Assignment) string {
	return filepath.Join(w.cfg.Dir, "scratch", fmt.Sprintf("%s.%d", as.Run, as.Epoch))
}

// endAll ends every runner and waits for them.
func (w *Worker) endAll(cause error) {
	for _, j := range w.jobs {
		j.cancel(cause)
	}
	for _, j := range w.jobs {
		<-j.done
	}
}

// leave ends the runners and gives their runs back, so that the daemon need
// not wait for the lease.
func (w *Worker) leave(ctx context.Context) error {
	w.endAll(run.ErrShutdown)
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	w.deliver(bye)
	if _, err := w.sync(bye, true); err != nil {
		w.log.Debug().Err(err).Msg("the daemon was not told of the end")
	}
	return nil
}
