package pipeline

import (
	"context"
	"fmt"
	"slices"

	"github.com/tidegate-io/tidegate/agent/apply"
	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/agent/snapshot"
	"github.com/tidegate-io/tidegate/agent/stream"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// load rebuilds from the target what the stages need, and makes them.
func (s *session) load(ctx context.Context) error {
	s.gate = gate.New(s.source.Kind())
	rows, err := s.ledger.Tables(ctx)
	if err != nil {
		return err
	}
	if s.catalog, err = newCatalog(ctx, s, rows); err != nil {
		return err
	}
	if s.earlier, err = s.ledger.CopyStates(ctx, s.source.Kind()); err != nil {
		return err
	}
	s.r.attach(s.fill)
	if err := s.loadCopy(ctx, rows); err != nil {
		return err
	}
	if !s.src.Server.LogBin && !s.follows() {
		return nil // one consistent snapshot is all there is
	}
	return s.loadStream(ctx)
}

// loadCopy prepares the copy; afterwards the gate stands where an earlier
// process left it.
func (s *session) loadCopy(ctx context.Context, rows []ledger.TableRow) (err error) {
	c := s.spec.Copy
	s.copier, err = snapshot.New(snapshot.Config{Threads: c.Threads, ChunkBytes: c.ChunkBytes, MaxRate: c.MaxRate, MaxRows: c.MaxRows, LoadData: c.LoadData,
		RetryWindow: s.spec.Retry.Window, NoLog: !s.src.Server.LogBin},
		snapshot.Deps{Source: s.src, Target: s.dst, Ledger: s.ledger, Gate: s.gate, Marks: s.source, Definitions: s.catalog, Exclusive: s.exclusive,
			Log: s.r.log, Metrics: snapshot.NewMetrics(s.metrics)})
	if err != nil || !slices.ContainsFunc(rows, toCopy) {
		return err
	}
	logged, err := cascadesLogged(ctx, s.src.Server, s.srcDB)
	if err != nil {
		return err
	}
	return s.copier.Load(ctx, copyTables(rows, !logged))
}

// cascadesLogged reports whether the source writes the effects of foreign keys
// to its log: then its families of tables are copied like any others. What a
// row event itself says decides later how it is applied.
func cascadesLogged(ctx context.Context, server *mysql.Server, db mysql.Querier) (bool, error) {
	if server.Flavor == mysql.MariaDB || !server.AtLeast(9, 6, 0) {
		return false, nil
	}
	var native bool
	if err := db.QueryRowContext(ctx, "SELECT @@global.innodb_native_foreign_keys").Scan(&native); err != nil {
		return false, fmt.Errorf("read which layer carries foreign keys out: %w", err)
	}
	return !native, nil
}

// toCopy reports whether a table's copy is not over.
func toCopy(r ledger.TableRow) bool {
	return r.State != ledger.Live && !r.State.Enters() && r.State != ledger.Parent
}

// copyTables lists the tables to be copied. With families, those that a foreign
// key's cascade ties together get the number of their group.
func copyTables(rows []ledger.TableRow, families bool) []snapshot.Table {
	group := make([]int, len(rows))
	if families {
		defs := make([]*schema.Table, len(rows))
		for i, r := range rows {
			defs[i] = r.Definition
		}
		for n, members := range snapshot.Groups(defs) {
			for _, i := range members {
				group[i] = n + 1
			}
		}
	}
	var out []snapshot.Table
	for i, r := range rows {
		if toCopy(r) {
			out = append(out, snapshot.Table{ID: r.ID, Rows: r.RowsEstimated, Group: group[i]})
		}
	}
	return out
}

// loadStream takes the run over for applying and prepares reading the log from
// where the slowest lane stands.
func (s *session) loadStream(ctx context.Context) error {
	facts, err := s.targetFacts(ctx, s.dstDB)
	if err != nil {
		return err
	}
	queue := change.NewQueue(queueBytes)
	a := s.spec.Apply
	s.applier = apply.New(apply.Config{BatchRows: a.BatchRows, BatchBytes: a.BatchBytes, OnConflict: a.OnConflict, MaxRate: a.MaxRate, RetryWindow: s.spec.Retry.Window},
		apply.Deps{Target: s.dst, Ledger: s.ledger, Queue: queue, Gate: s.gate, Catalog: s.catalog, DDL: s.ddl(facts), Log: s.r.log, Registerer: s.metrics})
	state, err := s.applier.Open(ctx)
	if err != nil {
		return err
	}
	if s.spec.Type == spec.TypeFull {
		applied, err := s.applier.Resume().Set()
		if err != nil {
			return err
		}
		s.gate.Bound(applied)
	}
	lanes := make([]change.Position, len(state.Lanes))
	for i, l := range state.Lanes {
		lanes[i] = l.To
	}
	needed, err := s.needed(lanes...)
	if err != nil {
		return err
	}
	from := s.applier.Resume()
	if err := s.source.CheckResume(ctx, from, needed); err != nil {
		return err
	}
	identity, err := s.source.Identity(ctx)
	if err != nil {
		return err
	}
	s.followed = s.catalog.parentNames()
	s.reader, err = stream.NewReader(
		stream.Config{ServerID: s.r.task.ServerID, Position: from, Identity: identity, SpillDir: s.r.deps.Dir, RetryWindow: s.spec.Retry.Window},
		stream.Deps{Source: s.source, Queue: queue, Select: s.wanted, InSchema: s.wantedSchema, Observe: s.observe, Connected: s.checkSource, Log: s.r.log, Registry: s.metrics})
	return err
}

// needed is all that the target has of the source: what is applied at some places,
// and what the copy has seen. A source that lacks any of it has lost transactions,
// or is another one (R7, R8).
func (s *session) needed(applied ...change.Position) (*change.Set, error) {
	needed := s.seen()
	for _, p := range applied {
		set, err := p.Set()
		if err != nil {
			return nil, err
		}
		needed.Union(set)
	}
	return needed, nil
}

// seen is what the copy has seen of the source: the union of its high marks.
func (s *session) seen() *change.Set {
	seen := change.NewSet(s.source.Kind())
	for _, id := range s.catalog.ids() {
		if t := s.gate.Table(id); t != nil {
			high, _ := t.High()
			seen.Union(high)
		}
	}
	return seen
}

// checkSource is asked on every new connection to the source's log. What was read
// of the log, its reader knows; what the copy has seen may not be read yet.
func (s *session) checkSource(ctx context.Context) error {
	at := s.applier.Frontier()
	needed, err := s.needed(at)
	if err != nil {
		return err
	}
	if err := s.source.CheckResume(ctx, at, needed); err != nil {
		return fmt.Errorf("source after reconnect: %w", err)
	}
	return nil
}

// wanted says whether a table's rows are to be read from the log.
func (s *session) wanted(schemaName, table string) bool {
	_, _, ok := s.selection.Match(schemaName, table)
	return ok || s.followed[schema.ID{Schema: schemaName, Name: table}]
}

func (s *session) wantedSchema(name string) bool {
	_, ok := s.selection.Schema(name)
	return ok
}

var _ apply.Catalog = (*catalog)(nil)
var _ snapshot.Definitions = (*catalog)(nil)
