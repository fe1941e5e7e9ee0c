package pipeline

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/agent/structure"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/schema"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// readings bounds how often the definitions are read until two readings agree.
const readings = 20

// makeStructure carries the definitions over, as they were at the start position
// (R14). Nothing has been read of any row, so beginning anew costs nothing, also
// after a crash.
func (s *session) makeStructure(ctx context.Context) error {
	s.r.set(run.Structure, "structure")
	var model *structure.Model
	var made *structure.Made
	err := s.locked(ctx, func(ctx context.Context, lock *ledger.Lock) (err error) {
		facts, err := s.targetFacts(ctx, lock.Conn)
		if err != nil {
			return err
		}
		creator := &structure.Creator{
			Carrier:  &structure.Carrier{Selection: s.selection, Source: s.src.Server, Target: s.dst.Server, Facts: facts, DeferIndexes: s.spec.Copy.DeferIndex && s.copies(), DeferFrom: uint64(s.spec.Copy.DeferFrom)},
			OnExists: s.spec.Objects.OnExists, Definer: s.spec.Objects.Definer, Run: s.r.task.Run, Spread: s.spread(lock),
		}
		if s.spec.Type == spec.TypeIncremental {
			creator.OnExists = "keep" // the tables are there, with their rows
		}
		model, made, err = s.readAndCreate(ctx, lock.Conn, creator)
		return err
	})
	if err != nil {
		return err
	}
	for _, f := range made.Findings {
		s.r.deps.Sink.Event(run.Event{Kind: "structure", Message: f.String()})
	}
	s.structure = make(map[schema.ID]*structure.Table, len(model.Tables))
	for _, t := range model.Tables {
		s.structure[t.ID()] = t
	}
	phase := phaseCopy
	if !s.copies() {
		phase = phaseApply
	}
	return s.ledger.SetPhase(ctx, phase, s.tableRows(model, made)...)
}

// copies reports whether rows are copied at all.
func (s *session) copies() bool {
	return s.spec.Type == spec.TypeFull || s.spec.Type == spec.TypeFullIncremental
}

// follows reports whether the run goes on after the copy.
func (s *session) follows() bool {
	return s.spec.Type == spec.TypeIncremental || s.spec.Type == spec.TypeFullIncremental
}

func (s *session) readAndCreate(ctx context.Context, conn *sql.Conn, creator *structure.Creator) (*structure.Model, *structure.Made, error) {
	model, err := s.readAtStart(ctx)
	if err != nil {
		return nil, nil, err
	}
	if len(model.Tables) == 0 {
		return nil, nil, &mysql.Error{Class: mysql.Config, Code: "nothing_selected", Err: fmt.Errorf("the pipeline's objects select no table on the source"),
			Remedy: "check the database and table names in the objects block, and that the account may see them"}
	}
	if !creator.Keeps() {
		if err := s.dropLeft(ctx, conn, creator, model); err != nil {
			return nil, nil, err
		}
	}
	made, err := creator.Create(ctx, conn, model)
	return model, made, err
}

// dropLeft notes what is to be made and drops what an earlier attempt made under
// names that are not in the model any more: before any is made, since names of
// foreign keys are unique in a database.
func (s *session) dropLeft(ctx context.Context, conn *sql.Conn, creator *structure.Creator, model *structure.Model) error {
	plans, err := s.plansOf(ctx, conn)
	if err != nil {
		return err
	}
	left := slices.Clone(plans.names)
	if err := plans.note(ctx, creator.Targets(model)); err != nil {
		return err
	}
	return creator.DropLeft(ctx, conn, model, left)
}

// readAtStart reads the definitions before the start position is taken and after
// it, until both readings agree: what is changed between them is neither in the
// log behind the position nor seen by one reading alone. A statement that comes
// later, also while the tables are made, is in the log.
func (s *session) readAtStart(ctx context.Context) (*structure.Model, error) {
	before, err := s.readSource(ctx, structure.Outline)
	if err != nil {
		return nil, err
	}
	for range readings {
		if s.spec.Type != spec.TypeIncremental || s.spec.Start.Position == "" || s.spec.Start.Position == "now" {
			start, err := s.startPosition(ctx)
			if err != nil {
				return nil, err
			}
			if err := s.ledger.SetStart(ctx, start); err != nil {
				return nil, err
			}
		}
		model, err := s.readSource(ctx, structure.Whole)
		if err != nil {
			return nil, err
		}
		diff := model.Compare(before)
		if len(diff) == 0 {
			return model, nil
		}
		s.r.log.Info().Strs("changed", diff).Msg("definitions changed around the start position; reading them again")
		before = model
	}
	return nil, &mysql.Error{Class: mysql.Transient, Code: "structure_unstable", Err: fmt.Errorf("definitions on the source changed during each of %d readings", readings),
		Remedy: "hold schema changes on the source for the start of the run"}
}

// plans are the names under which the run's owners have meant to make tables and
// views, noted on the target before they do: what was dropped on the source while
// its owner ended is there still, and would stay for ever.
type plans struct {
	s     *session
	step  int
	names []schema.ID
}

// planSeq is no batch's number: the first is 1.
const planSeq = 0

func (s *session) plansOf(ctx context.Context, q mysql.Querier) (*plans, error) {
	noted, err := s.ledger.IntentsOf(ctx, q, planSeq)
	p := &plans{s: s, step: len(noted)}
	for _, in := range noted {
		for _, o := range in.Objects {
			p.names = append(p.names, schema.ID{Schema: o.Schema, Name: o.Name})
		}
	}
	return p, err
}

func (p *plans) note(ctx context.Context, names []schema.ID) error {
	known := map[schema.ID]bool{}
	for _, id := range p.names {
		known[id] = true
	}
	var objects []ledger.Object
	for _, id := range names {
		if !known[id] {
			objects = append(objects, ledger.Object{Schema: id.Schema, Name: id.Name})
			p.names = append(p.names, id)
		}
	}
	if len(objects) == 0 {
		return nil
	}
	err := p.s.ledger.Intend(ctx, ledger.Intent{Seq: planSeq, Step: p.step, Statement: "the run's structure", Objects: objects})
	p.step++
	return err
}

// readSource reads what is selected, and the parents that are to be followed.
func (s *session) readSource(ctx context.Context, depth structure.Depth) (*structure.Model, error) {
	model, err := structure.ReadTo(ctx, depth, s.srcDB, s.src.Server, s.selection)
	if err != nil || s.spec.Type == spec.TypeStructure {
		return model, err
	}
	return model, s.withParents(ctx, model)
}

// tableRows are the rows of every table of the run.
func (s *session) tableRows(model *structure.Model, made *structure.Made) []ledger.TableRow {
	state := ledger.Pending
	if !s.copies() {
		state = ledger.Live
	}
	rows := make([]ledger.TableRow, len(made.Tables))
	for i, t := range made.Tables {
		m := model.Tables[i]
		structure.MarkAbsent(m.Definition, s.selection)
		rows[i] = ledger.TableRow{ID: i + 1, Source: t.Source, Target: t.Target, State: state, LeftOut: t.LeftOut, Definition: m.Definition, RowsEstimated: int64(m.Rows)}
	}
	return append(rows, s.parentRows(model, made, len(rows))...)
}
