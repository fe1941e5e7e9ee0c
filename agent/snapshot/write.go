package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

const duplicateKey = 1062

// writer writes rendered rows inside one target transaction.
type writer struct {
	ledger *ledger.Ledger
	layout *layout
	pg     *paging // nil: nothing may be in the way
	table  int
	tx     *sql.Tx
	owed   int
	lax    *int // in LaxMode: how many values of a statement may need it
}

// all writes the batches of a chunk.
func (w *writer) all(ctx context.Context, in <-chan *batch) error {
	for b := range in {
		if err := w.insert(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// laxRows is how many rows are written in LaxMode at once: the server must keep
// what it warns of each.
const laxRows = 1000

// insert writes the rows of a batch: in LaxMode only what strict mode refuses
// although a table can hold it.
func (w *writer) insert(ctx context.Context, b *batch) error {
	if b.lax > 0 {
		return w.insertLax(ctx, b, 0, b.rows())
	}
	err := w.insertRows(ctx, b, 0, b.rows())
	if !w.refusedComputing(err) {
		return err
	}
	for from := 0; from < b.rows(); from += laxRows {
		if err := w.insertLax(ctx, b, from, min(from+laxRows, b.rows())); err != nil {
			return err
		}
	}
	return nil
}

// refusedComputing reports whether the target may have refused rows for what it
// computes of them, and has none of them.
func (w *writer) refusedComputing(err error) bool {
	t := w.layout.target
	return mysql.Refused(err) && t.Computes() && strings.EqualFold(t.Engine, "InnoDB")
}

// insertRows writes the rows from one to before another by a plain INSERT. Only if
// that meets rows in its way are these looked up and removed (ENGINE §3, Write).
func (w *writer) insertRows(ctx context.Context, b *batch, from, to int) error {
	err := w.write(ctx, "INSERT", b.part(from, to))
	if err == nil {
		return nil
	}
	if mysql.Number(err) != duplicateKey || w.pg == nil {
		return fmt.Errorf("write rows of %s: %w", w.layout.target.ID(), err)
	}
	if err := w.clear(ctx, b, from, to); err != nil {
		return fmt.Errorf("make room for rows of %s: %w", w.layout.target.ID(), err)
	}
	return nil
}

// insertLax writes rows in LaxMode.
func (w *writer) insertLax(ctx context.Context, b *batch, from, to int) error {
	if _, err := w.tx.ExecContext(ctx, "SET SESSION sql_mode = "+mysql.String(schema.LaxMode)); err != nil {
		return err
	}
	w.lax = &b.lax
	err := w.insertRows(ctx, b, from, to)
	w.lax = nil
	if _, resetErr := w.tx.ExecContext(ctx, "SET SESSION sql_mode = "+mysql.String(mysql.SQLMode)); err == nil {
		err = resetErr
	}
	return err
}

// write runs a statement that writes rows. In LaxMode nothing may have been warned
// of but what the mode is for.
func (w *writer) write(ctx context.Context, verb string, rows []byte) error {
	_, err := w.tx.ExecContext(ctx, w.layout.head(verb)+string(rows))
	if err != nil || w.lax == nil {
		return err
	}
	return w.onlyLax(ctx, *w.lax)
}

func (w *writer) onlyLax(ctx context.Context, lax int) error {
	warnings, err := mysql.Warnings(ctx, w.tx)
	if err != nil {
		return err
	}
	return w.layout.target.OnlyLax(warnings, lax)
}

// clear removes what is in the way of the rows from one to before another, and
// writes them. Most of what is removed are older versions of the same rows,
// replayed from the log; a row that is not there again afterwards is a debt.
//
// If the rows are in one another's way, because the target finds equal what the
// source keeps apart, they are written in halves; also if the target cannot tell
// what is in their way.
func (w *writer) clear(ctx context.Context, b *batch, from, to int) error {
	var removed []ledger.Bound
	var err error
	if !w.layout.apart {
		if removed, err = w.inTheWay(ctx, b, from, to); err != nil {
			return err
		}
	}
	if len(removed) > 0 {
		if _, err := w.tx.ExecContext(ctx, "DELETE FROM "+w.name()+" WHERE "+w.pg.anyOf(removed)); err != nil {
			return err
		}
	}
	err = w.write(ctx, "INSERT", b.part(from, to))
	switch {
	case err == nil:
	case mysql.Number(err) != duplicateKey:
		return err
	case to-from > 1:
		middle := (from + to) / 2
		if err := w.clear(ctx, b, from, middle); err != nil {
			return err
		}
		if err := w.clear(ctx, b, middle, to); err != nil {
			return err
		}
	default: // a unique index over an expression or a prefix, of which inTheWay cannot ask
		more, err := w.displace(ctx, b.part(from, to))
		if err != nil {
			return err
		}
		removed = append(removed, more...)
	}
	return w.owe(ctx, removed)
}

func (w *writer) name() string { return mysql.Table(w.layout.target.Schema, w.layout.target.Name) }

// displace writes one row in the place of those that are in its way, and returns
// their keys. Where a server asked for a key finds only some of the rows that have
// it, it returns one of them at least.
func (w *writer) displace(ctx context.Context, row []byte) (removed []ledger.Bound, err error) {
	for {
		key, err := w.holder(ctx, row)
		if err != nil {
			return nil, err
		}
		removed = append(removed, key)
		if w.layout.apart {
			return removed, w.write(ctx, "REPLACE", row)
		}
		if _, err := w.tx.ExecContext(ctx, "DELETE FROM "+w.name()+" WHERE "+w.pg.anyOf([]ledger.Bound{key})); err != nil {
			return nil, err
		}
		if err := w.write(ctx, "INSERT", row); mysql.Number(err) != duplicateKey {
			return removed, err
		}
	}
}

// holder returns the key of a row that an INSERT meets. The server itself says which
// that is: an upsert reads its key, and is rolled back.
func (w *writer) holder(ctx context.Context, row []byte) (ledger.Bound, error) {
	var read, ask []string
	for i, part := range w.pg.selected() {
		v := fmt.Sprintf("@tidegate_%d", i)
		read = append(read, fmt.Sprintf("LENGTH(%s := %s) < 0", v, part))
		ask = append(ask, v)
	}
	column := mysql.Ident(w.pg.parts[0].col.Name)
	upsert := fmt.Sprintf(" ON DUPLICATE KEY UPDATE %s = IF(%s, %[1]s, %[1]s)", column, strings.Join(read, " OR "))
	for _, q := range []string{"SAVEPOINT tidegate", w.layout.head("INSERT") + string(row) + upsert, "ROLLBACK TO SAVEPOINT tidegate"} {
		if _, err := w.tx.ExecContext(ctx, q); err != nil {
			return nil, err
		}
	}
	rows, err := w.tx.QueryContext(ctx, "SELECT "+strings.Join(ask, ", "))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found, err := w.pg.scan(rows)
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// inTheWay returns the keys of target rows that hold a unique value of the rows.
func (w *writer) inTheWay(ctx context.Context, b *batch, from, to int) ([]ledger.Bound, error) {
	seen := map[string]bool{}
	var out []ledger.Bound
	for i := range w.layout.target.Keys {
		cond := w.layout.holders(&w.layout.target.Keys[i], b, from, to)
		if cond == "" {
			continue
		}
		keys, err := w.keys(ctx, cond, " FOR UPDATE")
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			if id := strings.Join(k, ","); !seen[id] {
				seen[id] = true
				out = append(out, k)
			}
		}
	}
	return out, nil
}

// keys reads the paging keys of the target rows that satisfy a condition.
func (w *writer) keys(ctx context.Context, cond, lock string) ([]ledger.Bound, error) {
	rows, err := w.tx.QueryContext(ctx, "SELECT "+w.pg.selectList()+" FROM "+w.name()+" WHERE "+cond+lock)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return w.pg.scan(rows)
}

// owe notes the removed rows that are not there again.
func (w *writer) owe(ctx context.Context, removed []ledger.Bound) error {
	if len(removed) == 0 {
		return nil
	}
	back, err := w.keys(ctx, w.pg.anyOf(removed), "")
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, k := range back {
		there[strings.Join(k, ",")] = true
	}
	var debts []ledger.Debt
	for _, k := range removed {
		if !there[strings.Join(k, ",")] {
			debts = append(debts, ledger.Debt{Table: w.table, Key: k, By: w.pg.describe()})
		}
	}
	w.owed += len(debts)
	if len(debts) == 0 {
		return nil
	}
	return w.ledger.OweIn(ctx, w.tx, debts)
}

// holders is the condition of target rows that hold one of the rows' values of
// a unique key; "" if the key cannot be asked or all its values hold a NULL.
func (l *layout) holders(k *schema.Key, b *batch, from, to int) string {
	if !k.Unique || len(k.Parts) == 0 {
		return ""
	}
	at := make([]int, len(k.Parts))
	names := make([]string, len(k.Parts))
	numbered := false
	for i, p := range k.Parts {
		at[i] = l.index(p.Column)
		if p.Column == "" || p.Prefix > 0 || at[i] < 0 {
			return ""
		}
		names[i] = mysql.Ident(p.Column)
		numbered = numbered || formOf(l.columns[at[i]]) == number
	}
	var list []string
	for row := from; row < to; row++ {
		if v, ok := l.keyValues(b, row, at); ok {
			list = append(list, v)
		}
	}
	if len(list) == 0 {
		return ""
	}
	return oneOf(names, list, numbered)
}

// oneOf is the condition that columns have one of some values. In a list of
// several tuples MySQL compares an ENUM or SET with a number by its label, as
// text, and so finds no row: with such a column each tuple is compared by itself.
func oneOf(names, values []string, numbered bool) string {
	if len(names) > 1 && numbered {
		return "(" + tuple(names) + " = " + strings.Join(values, " OR "+tuple(names)+" = ") + ")"
	}
	return tuple(names) + " IN (" + strings.Join(values, ",") + ")"
}

func (l *layout) index(column string) int {
	for i, c := range l.columns {
		if strings.EqualFold(c.Name, column) {
			return i
		}
	}
	return -1
}

// keyValues is a row's value of a key. A text stands there as bytes, which the
// server compares in the column's collation.
func (l *layout) keyValues(b *batch, row int, at []int) (string, bool) {
	values := make([]string, len(at))
	for i, n := range at {
		v := b.literal(row, n)
		if isNull(v) {
			return "", false
		}
		values[i] = string(v)
	}
	return tuple(values), true
}

func tuple(values []string) string {
	if len(values) == 1 {
		return values[0]
	}
	return "(" + strings.Join(values, ",") + ")"
}

// anyOf is the condition that a row's key is one of some.
func (p *paging) anyOf(keys []ledger.Bound) string {
	names := make([]string, len(p.parts))
	numbered := false
	for i, q := range p.parts {
		names[i] = mysql.Ident(q.col.Name)
		numbered = numbered || q.form == number
	}
	list := make([]string, len(keys))
	for i, k := range keys {
		list[i] = tuple(k)
	}
	return oneOf(names, list, numbered)
}

// scan reads rows of selectList.
func (p *paging) scan(rows *sql.Rows) ([]ledger.Bound, error) {
	var out []ledger.Bound
	values := make([][]byte, len(p.parts))
	dest := make([]any, len(values))
	for i := range values {
		dest[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		out = append(out, p.bound(values))
	}
	return out, rows.Err()
}

// lost reports whether an error leaves it open what a server did last.
func lost(err error) bool {
	return errors.Is(err, mysql.ErrOutcomeUnknown) || mysql.Number(err) == 0
}
