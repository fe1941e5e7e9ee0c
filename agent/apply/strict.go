package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// runRows repeats a share one change at a time, to name the row on which the target
// differs and to act on it as the pipeline says.
func (a *Applier) runRows(ctx context.Context, l *lane, b *batch, s *share) error {
	ignored := map[*change.Row]bool{} // deletes that were ignored: so are the inserts they belong to
	ops := b.plain(s)
	for i := range ops {
		o := &ops[i]
		if o.kind == fireCascade {
			if err := a.cascade(ctx, l, o); err != nil {
				return err
			}
			continue
		}
		if o.paired && o.kind == insertRow && ignored[o.before] {
			continue
		}
		ok, err := a.runRow(ctx, l, b, o)
		if err != nil {
			return err
		}
		if !ok {
			ignored[o.before] = true
		}
	}
	return nil
}

// runRow runs one op. It returns false if a difference was ignored.
func (a *Applier) runRow(ctx context.Context, l *lane, b *batch, o *op) (bool, error) {
	policy := a.cfg.OnConflict
	if policy != spec.ConflictFail {
		if err := l.execString(ctx, "SAVEPOINT tidegate"); err != nil {
			return false, err
		}
	}
	found, err := l.one(ctx, o)
	reason := conflictReason(o, found, err)
	if err != nil && !mysql.Duplicate(err) {
		if mysql.Classify(err) == mysql.Data {
			return false, cmp.Or(a.deps.Ledger.Owned(ctx), a.valueError(b, o, err))
		}
		return false, fmt.Errorf("write a row of %s: %w", o.table.name(), err)
	}
	failed := err != nil
	want, any := o.kind.want()
	if err == nil && (any || found == want) {
		return true, nil
	}
	if err := a.deps.Ledger.Owned(ctx); err != nil {
		return false, err
	}
	if policy == spec.ConflictFail {
		return false, a.conflictError(ctx, l, b, o, reason)
	}
	a.conflicts.Add(1)
	a.metrics.conflicts.WithLabelValues(string(policy)).Inc()
	a.deps.Log.Warn().Str("table", o.table.name().String()).Str("key", keyText(o)).Str("policy", string(policy)).Msg("the target's row was not the expected one")
	if policy == spec.ConflictIgnore {
		return false, l.execString(ctx, "ROLLBACK TO SAVEPOINT tidegate")
	}
	return true, l.overwrite(ctx, o, failed)
}

// one runs a single op, in LaxMode if the target cannot compute what follows from
// the row in its own.
func (l *lane) one(ctx context.Context, o *op) (int64, error) {
	s := share{ops: []op{*o}, text: l.buf[:0]}
	r := renderer{packet: 1 << 30}
	if err := r.render(&s); err != nil {
		return 0, err
	}
	l.buf = s.text
	st := s.stmts[1] // behind the one that opens a transaction
	text := s.text[st.start:st.end]
	n, err := l.run(ctx, o.table, text, st.lax)
	if st.lax == 0 && mysql.Refused(err) && o.table.plan.Target.Computes() {
		found, lax := l.runLax(ctx, o.table, text, 0)
		if mysql.Duplicate(lax) || lax == nil || mysql.Classify(lax) != mysql.Data {
			return found, lax
		}
	}
	return n, err
}

// overwrite makes the target's row what the source's is.
func (l *lane) overwrite(ctx context.Context, o *op, failed bool) error {
	if o.deletes() || o.kind == deleteMatch {
		return nil // the row is not there, which was wanted
	}
	if o.kind == upsertRow && !failed {
		return nil // written; only the count was wrong
	}
	if o.kind == updateKey {
		del := op{table: o.table, kind: deleteAny, before: o.before}
		if _, err := l.one(ctx, &del); err != nil {
			return err
		}
	}
	rep := op{table: o.table, kind: replaceRow, after: o.after}
	_, err := l.one(ctx, &rep)
	return err
}

func conflictReason(o *op, found int64, err error) string {
	switch {
	case err != nil:
		return "another row of the target has one of its unique values"
	case found == 0 && o.kind == upsertRow:
		return "the target's row already was as the source's became"
	case o.kind == upsertRow:
		return "the target had no such row"
	case found == 0:
		return "the target has no such row"
	default:
		return fmt.Sprintf("the target changed %d rows", found)
	}
}

// conflictError names the row on which the target differs, with both sides.
func (a *Applier) conflictError(ctx context.Context, l *lane, b *batch, o *op, reason string) error {
	target := "not there"
	if found, err := l.look(ctx, o); err != nil {
		target = "could not be read: " + err.Error()
	} else if found != "" {
		target = found
	}
	return &mysql.Error{Class: mysql.Data, Code: "conflict",
		Err: fmt.Errorf("table %s: %s: key %s; source before %s, after %s; target %s; between %s and %s",
			o.table.name(), reason, keyText(o), imageText(o.table, o.before), imageText(o.table, o.after), target, b.from.pos, b.to.pos),
		Remedy: `find out who else writes to the target; repair the row and retry, or set apply { on_conflict = "overwrite" } (or "ignore")`}
}

func (a *Applier) valueError(b *batch, o *op, err error) error {
	return &mysql.Error{Class: mysql.Data, Code: "value",
		Err: fmt.Errorf("table %s: key %s; source before %s, after %s; between %s and %s: the target refuses the row: %w",
			o.table.name(), keyText(o), imageText(o.table, o.before), imageText(o.table, o.after), b.from.pos, b.to.pos, err),
		Remedy: "compare the table's definition on both sides; make the target's column take the value, then retry"}
}

// look reads what the target has in the op's place. It asks by key; a row
// without one is looked for by its bytes.
func (l *lane) look(ctx context.Context, o *op) (string, error) {
	text, err := o.table.text.AppendSelect(l.buf[:0], *o.image())
	l.buf = text
	if err != nil {
		return "", err
	}
	rows, err := l.conn.QueryContext(ctx, view(text))
	if err != nil {
		return "", err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil || !rows.Next() {
		return "", errors.Join(err, rows.Err())
	}
	values := make([][]byte, len(names))
	into := make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		return "", err
	}
	var out strings.Builder
	for i, v := range values {
		writeValue(&out, names[i], fmt.Sprintf("%q", v), v == nil)
	}
	return "(" + out.String() + ")", rows.Err()
}

func keyText(o *op) string {
	var b strings.Builder
	row := *o.image()
	for _, c := range o.table.text.Key {
		writeRaw(&b, c.Type, c.Codec, row.Value(c.Source))
	}
	if b.Len() == 0 {
		return "(none)"
	}
	return "(" + b.String() + ")"
}

func imageText(t *table, row *change.Row) string {
	if row == nil || row.Len() == 0 {
		return "not there"
	}
	var b strings.Builder
	for _, c := range t.text.Columns {
		writeRaw(&b, c.Type, c.Codec, row.Value(c.Source))
	}
	return "(" + b.String() + ")"
}

func writeRaw(b *strings.Builder, col *schema.Column, codec *schema.Codec, raw []byte) {
	lit, err := codec.AppendLiteral(nil, raw)
	if err != nil {
		lit = []byte("?")
	}
	writeValue(b, col.Name, string(lit), raw == nil)
}

// writeValue shortens: a message is for people, and rows can be large.
func writeValue(b *strings.Builder, name, value string, null bool) {
	const longest, enough = 48, 1500
	if b.Len() > enough {
		return
	}
	if b.Len() > 0 {
		b.WriteString(", ")
	}
	if null {
		value = "NULL"
	}
	if len(value) > longest {
		value = fmt.Sprintf("%s… (%d bytes)", value[:longest], len(value))
	}
	b.WriteString(name + "=" + strings.ToValidUTF8(value, "?"))
}
