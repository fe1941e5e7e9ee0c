package pipeline

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/tidegate-io/tidegate/agent/apply"
	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/agent/snapshot"
	"github.com/tidegate-io/tidegate/agent/stream"
	"github.com/tidegate-io/tidegate/agent/structure"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/guard"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// The phases of a run, as the run row names them.
const (
	phaseStructure = "structure"
	phaseCopy      = "copy"
	phaseApply     = "apply"
)

// session is one connected stretch of a run, from taking it over to its end or
// its next error.
type session struct {
	r    *Runner
	spec spec.Pipeline

	src, dst     *mysql.Conn
	srcDB, dstDB *sql.DB // text sessions
	lockDB       *sql.DB // text session that holds the run's lock
	source       *stream.Source
	ledger       *ledger.Ledger
	selection    *structure.Selection
	turn         structure.Turn

	gate    *gate.Gate
	catalog *catalog
	copier  *snapshot.Copier
	applier *apply.Applier
	reader  *stream.Reader

	// followed are names beside the selected ones whose rows are read from the
	// log. It grows, and belongs to the reader once that runs.
	followed map[schema.ID]bool

	copied  chan struct{}             // closed when rows and indexes are there
	earlier map[int]*ledger.CopyState // what the target says was copied, by table
	metrics *scope

	facts     *structure.Facts               // see targetFacts
	structure map[schema.ID]*structure.Table // the source's tables as this session carried them over
}

// answerLimit is how long a server may say nothing to a question about
// definitions, marks or control rows.
const answerLimit = 10 * time.Minute

// queueBytes bounds what is read from the log and not yet applied.
const queueBytes = 32 << 20

// session connects, takes the run over, and carries it on.
func (r *Runner) session(ctx context.Context) error {
	if done, err := r.completedBefore(ctx); err != nil || done {
		return err
	}
	s := &session{r: r, copied: make(chan struct{}), metrics: &scope{reg: r.deps.Registry}}
	_, s.spec, _ = r.wishes()
	defer s.close()
	if err := os.MkdirAll(r.deps.Dir, 0o700); err != nil {
		return fmt.Errorf("make the run's scratch folder: %w", err)
	}
	if err := s.connect(ctx); err != nil {
		return err
	}
	state, err := s.takeOver(ctx)
	if err != nil {
		return err
	}
	if state.Run.Phase == phaseStructure {
		if err := s.makeStructure(ctx); err != nil {
			return err
		}
	}
	if s.spec.Type == spec.TypeStructure {
		return s.conclude(ctx)
	}
	if err := s.load(ctx); err != nil {
		return err
	}
	return s.work(ctx)
}

func (s *session) connect(ctx context.Context) (err error) {
	if s.src, err = mysql.Dial(ctx, s.spec.From); err != nil {
		return err
	}
	if err := s.connectTarget(ctx); err != nil {
		return err
	}
	if s.srcDB, err = s.src.Within(answerLimit).Open(mysql.Text, 4, mysql.Several()); err != nil {
		return err
	}
	s.source = stream.NewSource(s.src, s.srcDB)
	s.selection = structure.NewSelection(s.spec.Objects, s.src.Server, s.dst.Server)
	return nil
}

func (s *session) connectTarget(ctx context.Context) (err error) {
	if s.dst, err = mysql.Dial(ctx, s.spec.To); err != nil {
		return err
	}
	if s.dstDB, err = s.dst.Within(answerLimit).Open(mysql.Text, 6, ledger.Marked(s.r.task.Run), mysql.Several()); err != nil {
		return err
	}
	if s.lockDB, err = s.dst.Open(mysql.Text, 2+ledger.Helpers); err != nil {
		return err
	}
	s.ledger = &ledger.Ledger{DB: s.dstDB, Run: s.r.task.Run, Epoch: s.r.task.Epoch}
	return nil
}

func (s *session) close() {
	s.r.detach()
	s.metrics.close()
	if s.copier != nil {
		s.copier.Close()
	}
	for _, db := range []*sql.DB{s.srcDB, s.dstDB, s.lockDB} {
		if db != nil {
			db.Close()
		}
	}
}

// takeOver fences every earlier owner. The first session of a run records where
// the log stood before anything is read (I-1).
func (s *session) takeOver(ctx context.Context) (*ledger.State, error) {
	if err := ledger.Create(ctx, s.dstDB); err != nil {
		return nil, err
	}
	state, err := s.ledger.TakeOver(ctx)
	if !errors.Is(err, ledger.ErrNoRun) {
		if err != nil {
			return nil, err
		}
		return s.reconfigure(ctx, state)
	}
	if begun, err := s.r.begunBefore(ctx); err != nil {
		return nil, err
	} else if begun {
		return nil, &mysql.Error{Class: mysql.Fatal, Code: "ledger_missing", Err: fmt.Errorf("run %s had begun, and its control rows are gone from the target", s.r.task.Run),
			Remedy: "nobody knows what the target holds: stop the run, empty the tables it was filling, and apply the pipeline again"}
	}
	start, err := s.startPosition(ctx)
	if err != nil {
		return nil, err
	}
	config, hash := s.config()
	begin := ledger.Run{Pipeline: s.r.task.Pipeline, Phase: phaseStructure, Start: start, Lanes: s.spec.Apply.Lanes, Config: config, ConfigHash: hash}
	if state, err = s.ledger.Begin(ctx, begin); err != nil {
		return nil, err
	}
	return state, s.r.noteBegun(ctx, start)
}

// config is what the partition of batches depends on, with its hash.
func (s *session) config() ([]byte, string) {
	text, err := json.Marshal(struct {
		Lanes   int          `json:"lanes"`
		Objects spec.Objects `json:"objects"`
	}{s.spec.Apply.Lanes, s.spec.Objects})
	if err != nil {
		panic(err) // plain values always marshal
	}
	sum := sha256.Sum256(text)
	return text, hex.EncodeToString(sum[:])
}

// reconfigure lets the number of lanes of an edited pipeline take effect,
// unless a batch is half applied: that one is finished with the old number, and
// the next session changes it.
func (s *session) reconfigure(ctx context.Context, state *ledger.State) (*ledger.State, error) {
	config, hash := s.config()
	if _, half := state.Half(); half != nil || state.Run.ConfigHash == hash {
		return state, nil
	}
	if err := s.ledger.Reconfigure(ctx, s.spec.Apply.Lanes, config, hash); err != nil {
		return nil, err
	}
	return s.ledger.TakeOver(ctx)
}

// startPosition is where the log is followed from.
func (s *session) startPosition(ctx context.Context) (change.Position, error) {
	if !s.src.Server.LogBin {
		return change.Position{Kind: s.source.Kind()}, nil
	}
	var at change.Position
	err := s.noneIsPrepared(ctx, func() (err error) {
		if s.spec.Type == spec.TypeIncremental {
			at, err = s.givenPosition(ctx)
		} else {
			at, err = s.source.Current(ctx)
		}
		return err
	})
	return at, err
}

// preparedFor bounds how long a start waits for a moment in which no XA
// transaction is prepared. An application that uses XA has some all the time,
// each for an instant; one that nobody ends stays.
const preparedFor = 15 * time.Second

// noneIsPrepared runs f so that no XA transaction is prepared before it, nor
// after it: the rows of one would be in no snapshot, and in the log before the
// position.
func (s *session) noneIsPrepared(ctx context.Context, f func() error) error {
	for end := time.Now().Add(preparedFor); ; {
		before, err := s.prepared(ctx)
		if err != nil {
			return err
		}
		if err := f(); err != nil {
			return err
		}
		after, err := s.prepared(ctx)
		if err != nil || len(before) == 0 && len(after) == 0 {
			return err
		}
		if time.Now().After(end) {
			return &mysql.Error{Class: mysql.Config, Code: "xa_prepared", Err: fmt.Errorf("XA transaction %s is prepared on the source", append(before, after...)[0]),
				Remedy: "its rows are visible to nobody and were logged already: XA COMMIT or XA ROLLBACK it, then retry"}
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// prepared lists the prepared XA transactions; none without the privilege, of
// which the check has warned.
func (s *session) prepared(ctx context.Context) ([]string, error) {
	all, err := s.source.PreparedXA(ctx)
	if err != nil && mysql.Classify(err) == mysql.Config {
		return nil, nil
	}
	return all, err
}

// givenPosition reads start.position of an incremental pipeline.
func (s *session) givenPosition(ctx context.Context) (change.Position, error) {
	text := s.spec.Start.Position
	if text == "" || text == "now" {
		return s.source.Current(ctx)
	}
	wrong := func(err error) error {
		return &mysql.Error{Class: mysql.Config, Code: "start_position", Err: fmt.Errorf("start.position %q: %w", text, err),
			Remedy: "write \"now\", the source's executed GTID set, or, for a source without GTIDs, \"file:offset\""}
	}
	kind := s.source.Kind()
	set, err := change.ParseSet(kind, text)
	if err != nil {
		return change.Position{}, wrong(err)
	}
	p := change.Position{Kind: kind, GTID: set.String()}
	if kind == change.File {
		at := strings.LastIndexByte(text, ':')
		offset, err := strconv.ParseUint(text[at+1:], 10, 64)
		if err != nil {
			return change.Position{}, wrong(err)
		}
		p = change.Position{Kind: kind, File: text[:at], Offset: offset}
	}
	return p, nil
}

// work runs the stages side by side until the run is done.
func (s *session) work(ctx context.Context) error {
	g, gctx := guard.WithContext(ctx)
	if s.reader != nil {
		g.Go(func() error { return s.reader.Run(gctx) })
		g.Go(func() error { return s.applier.Run(gctx) })
		g.Go(func() error { return s.watchLag(gctx) })
		if s.follows() {
			g.Go(func() error { return s.settleWindows(gctx) })
			g.Go(func() error { return s.watchEntering(gctx) })
		}
	}
	g.Go(func() error { return s.copyAndIndex(gctx) })
	g.Go(func() error { return s.serve(gctx) })
	err := g.Wait()
	if errors.Is(err, errDone) {
		return s.conclude(ctx)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// errDone ends a session whose run is complete.
var errDone = errors.New("run is complete")
