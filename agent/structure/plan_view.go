package structure

import (
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// viewMatch returns a view's names, if views of its database are selected.
func (pl *planner) viewMatch(ref sqltext.Ref) (source, target schema.ID, ok bool) {
	source, target, ok = pl.match(ref)
	return source, target, ok && pl.deps.Carrier.Selection.Views(source.Schema)
}

func (pl *planner) view() error {
	source, target, ok := pl.viewMatch(pl.st.Refs[0])
	if !ok {
		return nil
	}
	if table, awaits := pl.awaitsTable(); awaits {
		pl.note(source.String(), "left out, since %s is not on the target yet; make the view there when it is: %.2000s", table, pl.ev.SQL)
		return nil
	}
	r := pl.rewrite(source, target)
	r.view(pl.st, pl.ev.Schema)
	if err := pl.finish(r); err != nil {
		return err
	}
	made := &Made{}
	creator := &Creator{Carrier: pl.deps.Carrier, Definer: pl.cfg.Definer}
	if err := creator.definer(pl.ctx, pl.conn, r, pl.st, made); err != nil {
		return err
	}
	pl.p.changes.Findings = append(pl.p.changes.Findings, made.Findings...)
	pl.add(step{sql: []string{r.e.Apply(pl.st.SQL)}, objects: []schema.ID{target}, repeat: pl.st.OrReplace || pl.st.Verb == sqltext.AlterView, after: exists})
	return nil
}

// awaitsTable reports whether a view's text names a table that is still to be
// made.
func (pl *planner) awaitsTable() (schema.ID, bool) {
	for id := range pl.entering {
		if slices.ContainsFunc(pl.st.Tokens, func(t sqltext.Token) bool { return t.Name() && strings.EqualFold(t.Text, id.Name) }) {
			return id, true
		}
	}
	return schema.ID{}, false
}

func (pl *planner) dropViews() error {
	for _, ref := range pl.st.Refs {
		if _, target, ok := pl.viewMatch(ref); ok {
			pl.add(step{sql: []string{"DROP VIEW IF EXISTS " + quoteID(target)}, objects: []schema.ID{target}, repeat: true})
		}
	}
	return nil
}
