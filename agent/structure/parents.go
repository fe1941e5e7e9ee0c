package structure

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// A table that is not selected matters when a foreign key of a selected one
// refers to it and acts: its changes reach selected rows, and the log may not
// show that (ENGINE §6, a). Such a parent is followed. To know its columns at
// the applied position, an empty table with its columns, the shadow, is kept
// beside the control tables; the log's statements are carried out on it as on
// any other table.

// Acts reports whether a foreign key changes rows of its child.
func Acts(fk *schema.ForeignKey) bool { return acts(fk.OnDelete) || acts(fk.OnUpdate) }

func acts(rule string) bool {
	return strings.EqualFold(rule, "CASCADE") || strings.EqualFold(rule, "SET NULL")
}

func parentOf(fk *schema.ForeignKey) schema.ID {
	return schema.ID{Schema: fk.ParentSchema, Name: fk.ParentTable}
}

// leads reports whether what a foreign key does to rows of its child reaches
// rows that refer to the child by one of the keys in onto.
func leads(fk *schema.ForeignKey, onto []schema.ForeignKey) bool {
	for i := range onto {
		next := &onto[i]
		if strings.EqualFold(fk.OnDelete, "CASCADE") && acts(next.OnDelete) {
			return true
		}
		changes := strings.EqualFold(fk.OnDelete, "SET NULL") || acts(fk.OnUpdate)
		if changes && acts(next.OnUpdate) && slices.ContainsFunc(fk.Columns, func(c string) bool {
			return slices.ContainsFunc(next.ParentCols, func(p string) bool { return strings.EqualFold(p, c) })
		}) {
			return true
		}
	}
	return false
}

// Shadow names the shadow of a parent that is followed from a statement on; seq
// is the statement's batch, 0 the run's start.
func Shadow(run string, id schema.ID, seq uint64) schema.ID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d", run, id.Schema, id.Name, seq))
	return schema.ID{Schema: ledger.Schema, Name: "parent_" + hex.EncodeToString(sum[:12])}
}

// ReadParents adds the parents that are to be followed to a model of the source.
func (m *Model) ReadParents(ctx context.Context, db *sql.DB, sel *Selection) error {
	missing := map[schema.ID]bool{} // a foreign key may refer to what is not there
	for {
		id, found := m.nextParent(sel, missing)
		if !found {
			slices.SortFunc(m.Parents, func(a, b *Table) int { return compareID(a.ID(), b.ID()) })
			return nil
		}
		t, err := ReadTable(ctx, db, m.Server, id)
		if err == nil { // last, as in Read: no lock holds the table
			_, err = showTables(ctx, db, []*Table{t})
		}
		switch n := mysql.Number(err); {
		case n == noSuchTable || n == noSuchDB:
			missing[id] = true
			continue
		case n == 1142 || n == 1044 || errors.Is(err, sql.ErrNoRows):
			return unread(ctx, db, id, err)
		case err != nil:
			return err
		}
		m.Parents = append(m.Parents, t)
	}
}

// unread names the privilege that reading a parent needs.
func unread(ctx context.Context, db *sql.DB, id schema.ID, cause error) error {
	var user, host string
	if err := db.QueryRowContext(ctx, "SELECT SUBSTRING_INDEX(CURRENT_USER(), '@', 1), SUBSTRING_INDEX(CURRENT_USER(), '@', -1)").Scan(&user, &host); err != nil {
		return errors.Join(cause, err)
	}
	return &mysql.Error{Class: mysql.Config, Code: "privilege", Err: fmt.Errorf("%s, whose foreign keys change rows of selected tables, cannot be read: %w", id, cause),
		Remedy: fmt.Sprintf("GRANT SELECT ON %s TO %s@%s;", quoteID(id), mysql.String(user), mysql.String(host))}
}

// nextParent finds a table that is to be followed and is not in the model.
func (m *Model) nextParent(sel *Selection, missing map[schema.ID]bool) (schema.ID, bool) {
	wanted := func(fk *schema.ForeignKey) bool {
		id := parentOf(fk)
		_, selected := sel.target(id)
		return !selected && !missing[id] && !slices.ContainsFunc(m.Parents, func(p *Table) bool { return p.ID() == id })
	}
	for _, t := range m.Tables {
		for i := range t.Definition.ForeignKeys {
			if fk := &t.Definition.ForeignKeys[i]; Acts(fk) && wanted(fk) {
				return parentOf(fk), true
			}
		}
	}
	for _, p := range m.Parents {
		for i := range p.Definition.ForeignKeys {
			if fk := &p.Definition.ForeignKeys[i]; leads(fk, m.onto(p.ID())) && wanted(fk) {
				return parentOf(fk), true
			}
		}
	}
	return schema.ID{}, false
}

// onto are the foreign keys that refer to a table.
func (m *Model) onto(id schema.ID) []schema.ForeignKey {
	var out []schema.ForeignKey
	for _, t := range slices.Concat(m.Tables, m.Parents) {
		for i := range t.Definition.ForeignKeys {
			if fk := t.Definition.ForeignKeys[i]; parentOf(&fk) == id {
				out = append(out, fk)
			}
		}
	}
	return out
}

// NeedsRows names parents whose own rows a foreign key changes in a way that
// reaches selected tables: which of them is known only to who has their rows. A
// source that logs what foreign keys do tells it; for any other such a parent
// has to be selected.
func (m *Model) NeedsRows() []Finding {
	var out []Finding
	for _, p := range m.Parents {
		for i := range p.Definition.ForeignKeys {
			if fk := &p.Definition.ForeignKeys[i]; leads(fk, m.onto(p.ID())) {
				out = append(out, Finding{Object: p.ID().String(), Fatal: true, Reason: needsRows(p.ID(), fk), Remedy: selectMiddle(p.ID())})
			}
		}
	}
	return out
}

func needsRows(id schema.ID, fk *schema.ForeignKey) string {
	return fmt.Sprintf("foreign key %s of %s, which is not selected, passes changes of %s on to selected tables, and the log does not show to which rows", fk.Name, id, parentOf(fk))
}

func selectMiddle(id schema.ID) string {
	return fmt.Sprintf("select %s too, or leave out the tables that refer to it", id)
}

// absentKeys are the foreign keys of a table that are not on the target.
func absentKeys(def *schema.Table) []schema.ForeignKey {
	if def == nil {
		return nil
	}
	var out []schema.ForeignKey
	for _, fk := range def.ForeignKeys {
		if fk.Absent {
			out = append(out, fk)
		}
	}
	return out
}

// MarkAbsent notes which foreign keys the target does not get: those whose
// parent is not selected, all of a parent that is only followed.
func MarkAbsent(def *schema.Table, sel *Selection) {
	_, selected := sel.target(def.ID())
	for i := range def.ForeignKeys {
		_, ok := sel.target(parentOf(&def.ForeignKeys[i]))
		def.ForeignKeys[i].Absent = !ok || !selected
	}
}

// shadow rewrites a parent's definition: its columns and keys without its
// constraints.
func (c *Carrier) shadow(t *Table, target schema.ID) (*Carried, error) {
	return c.tableAs(t, &neighbours{}, target, true)
}

// shadows makes the shadows of a model's parents, anew if they are there.
func (c *Creator) shadows(ctx context.Context, conn *sql.Conn, m *Model, made *Made) error {
	for _, p := range m.Parents {
		s, err := c.shadow(p, Shadow(c.Run, p.ID(), 0))
		if err == nil {
			err = Refuse(s.Findings)
		}
		if err != nil {
			return fmt.Errorf("follow %s, whose foreign keys change selected rows: %w", p.ID(), err)
		}
		for _, q := range []string{"DROP TABLE IF EXISTS " + quoteID(s.Target), s.SQL} {
			if _, err := conn.ExecContext(ctx, q); err != nil {
				return createError(s, err)
			}
		}
		made.Parents = append(made.Parents, s)
	}
	return nil
}

// DropShadow removes a parent's shadow. conn holds the run's lock.
func DropShadow(ctx context.Context, conn *sql.Conn, id schema.ID) error {
	if id.Schema != ledger.Schema || !strings.HasPrefix(id.Name, "parent_") {
		return fmt.Errorf("drop %s: it is no shadow", id)
	}
	if _, err := conn.ExecContext(ctx, "DROP TABLE IF EXISTS "+quoteID(id)); err != nil {
		return fmt.Errorf("drop the shadow %s on the target: %w", id, err)
	}
	return nil
}

// Mentioned returns what a statement of the log refers to as a parent, and the
// names it changes, selected or not. Of a statement that cannot be read it
// returns nothing: whoever carries it out stops.
func Mentioned(st *change.Statement) (parents []schema.ID, renamed [][2]schema.ID) {
	parsed, err := sqltext.Parse(strings.TrimRight(st.SQL, "\x00"), modeOf(st))
	if err != nil || len(parsed.Refs) == 0 {
		return nil, nil
	}
	full := func(r sqltext.Ref, defaultSchema string) schema.ID {
		if r.Schema != "" {
			defaultSchema = r.Schema
		}
		return schema.ID{Schema: defaultSchema, Name: r.Name.Name}
	}
	subject := full(parsed.Refs[0], st.Schema)
	for i, r := range parsed.Refs {
		switch {
		case r.Role == sqltext.Parent:
			parents = append(parents, full(r, subject.Schema))
		case r.Role == sqltext.To && parsed.Verb == sqltext.AlterTable:
			renamed = append(renamed, [2]schema.ID{subject, full(r, st.Schema)})
		case parsed.Verb == sqltext.RenameTable && i%2 == 1:
			renamed = append(renamed, [2]schema.ID{full(parsed.Refs[i-1], st.Schema), full(r, st.Schema)})
		}
	}
	return parents, renamed
}
