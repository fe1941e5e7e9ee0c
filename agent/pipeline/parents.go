package pipeline

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/agent/structure"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// Parents implements structure.Registry.
func (c *catalog) Parents() map[schema.ID]structure.Parent {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[schema.ID]structure.Parent{}
	for id, e := range c.byName {
		if e.row.State != ledger.Parent {
			continue
		}
		out[id] = structure.Parent{Shadow: e.row.Target, Read: e.read}
	}
	return out
}

// Children implements structure.Registry.
func (c *catalog) Children(parent schema.ID) []schema.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []schema.ID
	for _, child := range c.parents[parent] {
		if id := (schema.ID{Schema: child.Schema, Name: child.Table}); !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// parentNames are the names that foreign keys which act refer to.
func (c *catalog) parentNames() map[schema.ID]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[schema.ID]bool{}
	for parent, children := range c.parents {
		for i := range children {
			if structure.Acts(&children[i].Key) {
				out[parent] = true
			}
		}
	}
	return out
}

// observe is asked by the reader about each statement before anything behind it
// is read. The applier will know only later whose rows are wanted then, so every
// table that may become a parent is read from here on; what turns out to be none
// is passed over there.
func (s *session) observe(_ context.Context, st *change.Statement) error {
	parents, renamed := structure.Mentioned(st)
	for _, id := range parents {
		s.followed[s.stored(id)] = true
	}
	for _, pair := range renamed {
		if from := s.stored(pair[0]); s.wanted(from.Schema, from.Name) {
			s.followed[s.stored(pair[1])] = true
		}
	}
	return nil
}

// stored is a table's name as the source's log has it.
func (s *session) stored(id schema.ID) schema.ID {
	if s.src.Server.LowerCase == 1 {
		return schema.ID{Schema: strings.ToLower(id.Schema), Name: strings.ToLower(id.Name)}
	}
	return id
}

// withParents adds to a model the parents that are to be followed, and refuses
// those that would have to be selected.
func (s *session) withParents(ctx context.Context, model *structure.Model) error {
	if err := model.ReadParents(ctx, s.srcDB, s.selection); err != nil || len(model.Parents) == 0 {
		return err
	}
	if logged, err := cascadesLogged(ctx, s.src.Server, s.srcDB); err != nil || logged {
		return err
	}
	return structure.Refuse(model.NeedsRows())
}

// parentRows are the rows of parents whose shadows were made, with numbers above
// last.
func (s *session) parentRows(model *structure.Model, made *structure.Made, last int) []ledger.TableRow {
	rows := make([]ledger.TableRow, len(made.Parents))
	for i, t := range made.Parents {
		def := model.Parents[i].Definition
		structure.MarkAbsent(def, s.selection)
		rows[i] = ledger.TableRow{ID: last + i + 1, Source: t.Source, Target: t.Target, State: ledger.Parent, Definition: def}
	}
	return rows
}

// dropShadows removes what stood for parents on the target.
func (s *session) dropShadows(ctx context.Context) error {
	rows, err := s.ledger.Tables(ctx)
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(r ledger.TableRow) bool { return r.State != ledger.Parent })
	if len(rows) == 0 {
		return nil
	}
	return s.exclusive(ctx, func(ctx context.Context, conn *sql.Conn) error {
		for _, r := range rows {
			if err := structure.DropShadow(ctx, conn, r.Target); err != nil {
				return err
			}
		}
		return nil
	})
}
