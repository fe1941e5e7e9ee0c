package stream

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Config says what a Reader reads.
type Config struct {
	ServerID uint32          // unique among all readers of the source
	Position change.Position // where to go on: the end of the last applied transaction
	Identity string          // of the server Position was read on; "" is not compared

	PartBytes   int           // a transaction above it comes in parts; 0: 8 MiB
	SpillDir    string        // where rows wait that cannot be handed over yet; "" is the system's
	Heartbeat   time.Duration // how often an idle source says that it lives; 0: 10 s
	RetryWindow time.Duration // how long to try to reach the source again; 0: for ever
}

// Deps are what a Reader works with.
type Deps struct {
	Source *Source
	Queue  *change.Queue

	// Select says whether a table's rows are wanted. It is asked for every table
	// map in the log, in log order.
	Select func(schema, table string) bool

	// InSchema says whether any table of a schema could be selected; nil means
	// always. It decides about calls logged as text.
	InSchema func(schema string) bool

	// Observe is called with each statement after it was queued and before
	// anything behind it is read, so that Select can follow renames. It may
	// wait for the statement to be applied. May be nil.
	Observe func(context.Context, *change.Statement) error

	// Connected is called before reading begins on every new connection: what
	// it returns ends or, if transient, delays the reading. May be nil.
	Connected func(context.Context) error

	Log      zerolog.Logger
	Registry prometheus.Registerer // may be nil
}

// Reader reads a source's log and puts whole transactions into the queue. It
// reconnects by itself, and goes on behind the last transaction it has read to
// the end.
type Reader struct {
	cfg  Config
	deps Deps
	asm  *assembler

	broken   string        // where the last connection met a damaged event
	patience time.Duration // for the answers to small questions before reading begins

	statsMu sync.Mutex // guards stats
	stats   Stats
}

// NewReader checks the configuration; Run does everything else.
func NewReader(cfg Config, deps Deps) (*Reader, error) {
	if cfg.ServerID == 0 {
		return nil, errors.New("read the source's log: server id 0 cannot be used")
	}
	if cfg.Position.Kind != deps.Source.Kind() {
		return nil, fatal("position_kind", restartRemedy, "the run's position is of kind %q, and the source now names its transactions by kind %q", cfg.Position.Kind, deps.Source.Kind())
	}
	if cfg.PartBytes <= 0 {
		cfg.PartBytes = 8 << 20
	}
	if cfg.Heartbeat <= 0 {
		cfg.Heartbeat = 10 * time.Second
	}
	if deps.InSchema == nil {
		deps.InSchema = func(string) bool { return true }
	}
	done, err := cfg.Position.Set()
	if err != nil {
		return nil, fmt.Errorf("read the source's log: %w", err)
	}
	if done.Kind() == change.File && done.Empty() {
		return nil, errors.New("read the source's log: no position to begin at")
	}
	r := &Reader{cfg: cfg, deps: deps, patience: 30 * time.Second}
	r.asm = &assembler{
		kind: deps.Source.Kind(), flavor: deps.Source.Server().Flavor, foldNames: deps.Source.Server().LowerCase != 0,
		selected: deps.Select, inSchema: deps.InSchema, budget: cfg.PartBytes, spillDir: cfg.SpillDir,
	}
	r.asm.init(done)
	from := cfg.Position.ReadFrom
	if from == "" && r.asm.kind == change.File && cfg.Position.Offset > math.MaxUint32 {
		return nil, fatal("position_lost", restartRemedy, "position %s is beyond what the protocol can name", cfg.Position)
	}
	if from != "" {
		if r.asm.seen, err = change.ParseSet(r.asm.kind, from); err != nil {
			return nil, fmt.Errorf("read the source's log: %w", err)
		}
	}
	r.stats.Position = cfg.Position
	return r, nil
}

// Run reads until the context ends or an error comes that trying again does not
// mend. It returns the context's cause, or the error.
func (r *Reader) Run(ctx context.Context) error {
	defer r.asm.close()
	unregister := r.register()
	defer unregister()
	r.asm.emit = func(t *change.Txn) error { return r.put(ctx, t) }
	r.asm.engine = func(schema, name string) (bool, error) { return r.deps.Source.transactional(ctx, schema, name) }

	failing := time.Time{} // since when nothing could be read
	backoff := minBackoff
	for {
		before := r.Stats().Events
		err := r.connection(ctx)
		r.asm.disconnected()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if r.Stats().Events > before {
			failing, backoff = time.Time{}, minBackoff
		}
		if failing.IsZero() {
			failing = time.Now()
		}
		if mysql.Classify(err) != mysql.Transient {
			return err
		}
		if err := r.damaged(err); err != nil {
			return err
		}
		if w := r.cfg.RetryWindow; w > 0 && time.Since(failing) > w {
			return fmt.Errorf("the source could not be read for %s: %w", w, err)
		}
		r.retrying(err, failing)
		r.deps.Log.Warn().Err(err).Dur("retry_in", backoff).Msg("replication connection lost")
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(backoff):
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

const (
	minBackoff = 100 * time.Millisecond
	maxBackoff = 5 * time.Second
)

// connection reads over one connection until it ends.
func (r *Reader) connection(ctx context.Context) error {
	src := r.deps.Source
	ss, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer ss.close()
	stop := context.AfterFunc(ctx, ss.close)
	defer stop()
	if r.deps.Connected != nil {
		if err := r.deps.Connected(ctx); err != nil {
			return err
		}
	}
	start := r.asm.begin()
	if err := ss.dump(src, r.cfg.ServerID, start); err != nil {
		return fmt.Errorf("ask the source for its log: %w", dumpError(err, nil))
	}
	r.connected()
	for {
		e, err := ss.next()
		if err != nil {
			return fmt.Errorf("read the source's log: %w", r.ended(ctx, err))
		}
		if err := r.asm.outer(&e); err != nil {
			return classed(ctx, err)
		}
		r.count(&e)
	}
}

// open makes a connection to a source that is found to be ours. The SQL sessions
// it asks through may be dead too: an answer that does not come is not waited
// for, and the attempt after it gets a new session.
func (r *Reader) open(ctx context.Context) (ss *session, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.patience, errors.New("the source does not answer"))
	defer cancel()
	if r.asm.collations, err = r.deps.Source.collations(ctx); err != nil {
		return nil, err
	}
	if ss, err = r.deps.Source.dial(ctx, r.cfg.Heartbeat); err != nil {
		return nil, err
	}
	if err := r.check(ctx, ss); err != nil {
		ss.close()
		return nil, err
	}
	return ss, nil
}

// begin prepares for a new connection and says behind what to read.
func (a *assembler) begin() *change.Set {
	a.file, a.offset = "", 0
	if a.kind != change.File {
		return a.seen
	}
	at := a.seen.End()
	if at.N > math.MaxUint32 { // not nameable: begin at a group before, and drop it
		at.N = a.low
		a.done.Union(a.seen)
	}
	a.file, a.offset, a.low = at.Source, at.N, at.N
	set := change.NewSet(change.File)
	set.Add(at)
	return set
}

// check makes sure that this is the source we know, with all we have read.
func (r *Reader) check(ctx context.Context, ss *session) error {
	id, err := r.deps.Source.Identity(ctx)
	if err != nil {
		return err
	}
	if id != ss.identity {
		return &mysql.Error{Class: mysql.Transient, Code: "two_servers", Err: fmt.Errorf("the replication connection reached server %s, the SQL connection %s", ss.identity, id)}
	}
	if want := r.cfg.Identity; want != "" && id != want {
		if r.asm.kind == change.File {
			return fatal("server_changed", restartRemedy, "the endpoint is now server %s, was %s; without GTIDs its log cannot be continued", id, want)
		}
		r.deps.Log.Warn().Str("from", want).Str("to", id).Msg("the source is another server now")
	}
	r.cfg.Identity = id
	read := r.asm.seen.Clone()
	read.Union(r.asm.done)
	from := change.Position{Kind: r.asm.kind, GTID: r.asm.seen.String()}
	if r.asm.kind == change.File {
		at := r.asm.seen.End()
		from = change.Position{Kind: change.File, File: at.Source, Offset: at.N}
	}
	return r.deps.Source.CheckResume(ctx, from, read)
}

// ended gives the error that ended a connection its class.
func (r *Reader) ended(ctx context.Context, err error) error {
	if number(err) != 1236 {
		return dumpError(err, nil)
	}
	return dumpError(err, r.deps.Source.checkPurged(ctx, change.Position{Kind: r.asm.kind, GTID: r.asm.seen.String(), ReadFrom: r.asm.seen.String()}))
}

// damaged returns an error if an event is damaged at the same place as on the
// connection before: not the network, the source's file is broken.
func (r *Reader) damaged(err error) error {
	e, ok := errors.AsType[*damagedError](err)
	if !ok {
		r.broken = ""
		return nil
	}
	place := fmt.Sprintf("%s:%d", r.asm.file, e.end)
	if place != r.broken {
		r.broken = place
		return nil
	}
	return fatal("source_log", "the source's log file is damaged on its disk or in its memory: "+restartRemedy, "read the source's log file %s twice: %w", r.asm.file, err)
}

// classed makes an error about the log's content fatal unless it has a class:
// reading the same bytes again does not help.
func classed(ctx context.Context, err error) error {
	if _, ok := errors.AsType[*mysql.Error](err); ok || ctx.Err() != nil {
		return err
	}
	return &mysql.Error{Class: mysql.Fatal, Code: "source_log", Err: fmt.Errorf("read the source's log: %w", err), Remedy: restartRemedy}
}

// put queues a transaction, which from then on belongs to the consumer.
func (r *Reader) put(ctx context.Context, t *change.Txn) error {
	sent := *t
	if err := r.deps.Queue.Put(ctx, t); err != nil {
		return err
	}
	r.delivered(&sent)
	if sent.DDL != nil && r.deps.Observe != nil {
		return r.deps.Observe(ctx, sent.DDL)
	}
	return nil
}
