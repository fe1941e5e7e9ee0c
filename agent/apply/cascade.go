package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// action is what a foreign key does to its child rows.
type action uint8

const (
	none action = iota
	cascade
	setNull
)

func actionOf(text string) action {
	switch strings.ToUpper(text) {
	case "CASCADE":
		return cascade
	case "SET NULL":
		return setNull
	default:
		return none
	}
}

// cascadeRule is one foreign key that references a table.
type cascadeRule struct {
	child              Child
	columns            []int // referenced columns of the source's image
	onDelete, onUpdate action
}

// cascadeRules are the foreign keys through which a table's changes reach other
// rows.
func cascadeRules(p *Plan) []cascadeRule {
	var rules []cascadeRule
	for _, c := range p.Children {
		r := cascadeRule{child: c, onDelete: actionOf(c.Key.OnDelete), onUpdate: actionOf(c.Key.OnUpdate)}
		if r.onDelete == none && r.onUpdate == none {
			continue
		}
		for _, name := range c.Key.ParentCols {
			_, i := p.Source.Column(name)
			r.columns = append(r.columns, i)
		}
		rules = append(rules, r)
	}
	return rules
}

// fires reports whether a change reaches child rows by this rule. Only bytes
// tell whether a key was updated: 'a' to 'A' cascades too.
func (r *cascadeRule) fires(t *table, c *change.Change) bool {
	switch c.Op {
	case change.Delete:
		return r.onDelete != none
	case change.Update:
		return r.onUpdate != none && r.changed(t, c)
	default:
		return false
	}
}

func (r *cascadeRule) changed(t *table, c *change.Change) bool {
	for _, i := range r.columns {
		if i >= 0 && !t.codecs[i].Equal(c.Before.Value(i), c.After.Value(i)) {
			return true
		}
	}
	return false
}

// deepest bounds the steps of one cascade; servers stop at 15.
const deepest = 64

// reach is one step of a cascade: the child rows whose foreign key has the old
// values lose them, or get the new ones.
type reach struct {
	child Child
	what  action
	gone  bool     // the parent row is deleted; else its values changed
	old   []string // literals for comparing, per foreign-key column
	now   []string // literals to store; nil when gone
	ids   []change.ID
	depth int
}

// cascade carries out what the source's foreign keys did unseen: the log of
// MySQL before 9.6 and of MariaDB does not show it (ENGINE §6). Sessions have
// foreign_key_checks off, so the target does nothing on its own.
func (a *Applier) cascade(ctx context.Context, l *lane, o *op) error {
	c := change.Change{Op: change.Delete, Before: *o.before}
	if o.after != nil && o.after.Len() > 0 {
		c.Op, c.After = change.Update, *o.after
	}
	for i := range o.table.fires {
		r := &o.table.fires[i]
		if !r.fires(o.table, &c) {
			continue
		}
		step, err := r.reach(o.table, &c)
		if err != nil {
			return uncarried(err)
		}
		if step == nil {
			continue
		}
		step.ids = o.ids
		if err := a.reach(ctx, l, step); err != nil {
			return fmt.Errorf("cascade from %s to %s.%s: %w", o.table.name(), r.child.Schema, r.child.Table, err)
		}
	}
	return nil
}

// uncarried says that a cascade cannot be carried out as the tables are.
func uncarried(err error) error {
	return &mysql.Error{Class: mysql.Config, Code: "cascade", Err: err, Remedy: "compare the foreign keys and their columns on both sides"}
}

// reach makes the first step from an image of the log; nil if the foreign key
// references nothing, which is so when a value is NULL.
func (r *cascadeRule) reach(t *table, c *change.Change) (*reach, error) {
	step := &reach{child: r.child, what: r.onDelete, gone: true}
	if c.Op == change.Update {
		step.what, step.gone = r.onUpdate, false
	}
	for n, i := range r.columns {
		if i < 0 {
			return nil, fmt.Errorf("foreign key %s references column %s, which %s lacks", r.child.Key.Name, r.child.Key.ParentCols[n], t.name())
		}
		raw := c.Before.Value(i)
		if raw == nil {
			return nil, nil
		}
		old, err := t.codecs[i].AppendKey(nil, raw)
		if err != nil {
			return nil, err
		}
		step.old = append(step.old, string(old))
		if step.gone {
			continue
		}
		now, err := t.codecs[i].AppendLiteral(nil, c.After.Value(i))
		if err != nil {
			return nil, err
		}
		step.now = append(step.now, string(now))
	}
	return step, nil
}

// reach carries one step out and goes on from the rows it touched. They are
// read before they change, so that a circle of foreign keys ends.
func (a *Applier) reach(ctx context.Context, l *lane, s *reach) error {
	if s.depth > deepest {
		return uncarried(errors.New("it goes deeper than any server follows"))
	}
	plan, err := a.deps.Catalog.Plan(s.child.Schema, s.child.Table)
	if err != nil || plan == nil {
		return err
	}
	if plan.Target == nil {
		return s.unseen(plan)
	}
	if plan.Window != nil && plan.Window.Skip(s.ids, nil) {
		return nil // nothing of it is read yet, or it was read with this done
	}
	columns, err := childColumns(plan, s.child.Key)
	if err != nil {
		return uncarried(err)
	}
	where := s.where(columns)
	next := s.onward(plan, columns)
	rows, err := l.referenced(ctx, plan, next, where, a.form.Flavor)
	if err != nil {
		return err
	}
	if err := l.execString(ctx, s.statement(plan.Target, columns, where)); err != nil {
		return err
	}
	for _, row := range rows {
		for i := range next {
			if err := a.reach(ctx, l, s.from(&next[i], row, columns)); err != nil {
				return err
			}
		}
	}
	return nil
}

// unseen: the child is not selected, so nobody knows which of its rows are
// touched. That matters if selected tables refer to them.
func (s *reach) unseen(p *Plan) error {
	next := s.onward(p, s.child.Key.Columns)
	if len(next) == 0 {
		return nil
	}
	return &mysql.Error{Class: mysql.Config, Code: "cascade", Err: fmt.Errorf("it reaches %s.%s through rows of %s, which is not selected", next[0].child.Schema, next[0].child.Table, p.Source.ID()),
		Remedy: fmt.Sprintf("stop the run, select %s too, and apply the pipeline again", p.Source.ID())}
}

func childColumns(p *Plan, fk schema.ForeignKey) ([]string, error) {
	var out []string
	for _, name := range fk.Columns {
		c, _ := p.Target.Column(name)
		if c == nil {
			return nil, fmt.Errorf("the target's %s has no column %s of foreign key %s", p.Target.ID(), name, fk.Name)
		}
		out = append(out, c.Name)
	}
	return out, nil
}

func (s *reach) where(columns []string) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = mysql.Ident(c) + "=" + s.old[i]
	}
	return strings.Join(parts, " AND ")
}

// deletes reports whether the step removes rows.
func (s *reach) deletes() bool { return s.gone && s.what == cascade }

// value is what a foreign-key column gets.
func (s *reach) value(i int) string {
	if s.what == setNull {
		return "NULL"
	}
	return s.now[i]
}

func (s *reach) statement(t *schema.Table, columns []string, where string) string {
	name := mysql.Table(t.Schema, t.Name)
	if s.deletes() {
		return "DELETE FROM " + name + " WHERE " + where
	}
	set := make([]string, len(columns))
	for i, c := range columns {
		set[i] = mysql.Ident(c) + "=" + s.value(i)
	}
	return "UPDATE " + name + " SET " + strings.Join(set, ",") + " WHERE " + where
}

// onward are the child's own children that this step reaches: all of them when
// rows go, else those that reference a column which changes.
func (s *reach) onward(p *Plan, columns []string) []cascadeRule {
	var out []cascadeRule
	for _, r := range cascadeRules(p) {
		if s.deletes() && r.onDelete != none || !s.deletes() && r.onUpdate != none && meets(r.child.Key.ParentCols, columns) {
			out = append(out, r)
		}
	}
	return out
}

func meets(a, b []string) bool {
	for _, x := range a {
		if position(b, x) >= 0 {
			return true
		}
	}
	return false
}

func position(list []string, name string) int {
	for i, x := range list {
		if strings.EqualFold(x, name) {
			return i
		}
	}
	return -1
}

// from is the step from one touched row to the rows that reference it.
func (s *reach) from(r *cascadeRule, row map[string]value, columns []string) *reach {
	n := &reach{child: r.child, what: r.onUpdate, ids: s.ids, depth: s.depth + 1}
	if s.deletes() {
		n.what, n.gone = r.onDelete, true
	}
	for _, name := range r.child.Key.ParentCols {
		v := row[strings.ToLower(name)]
		n.old = append(n.old, v.compare)
		if n.gone {
			continue
		}
		if i := position(columns, name); i >= 0 {
			n.now = append(n.now, s.value(i))
		} else {
			n.now = append(n.now, v.store)
		}
	}
	return n
}
