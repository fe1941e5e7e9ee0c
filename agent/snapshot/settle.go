package snapshot

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// Settle removes the debts of a table that are paid, and returns the others. A
// debt is paid if a row with exactly its key is on the target again, or is not
// on the source any more. Asked after the table's window; what is left then, and
// still left once the applier has passed the source's position of the call, is a
// row that the target cannot hold beside another (ENGINE §5).
//
// Debts of which nobody can be asked any more, since a statement behind the window
// has given the table another key, are removed too; stale is how many.
func (c *Copier) Settle(ctx context.Context, id int) (open []ledger.Debt, stale int, err error) {
	debts, err := c.Ledger.Debts(ctx, id, 0)
	if err != nil || len(debts) == 0 {
		return nil, 0, err
	}
	source, target, err := c.applied(id)
	if errors.Is(err, errGone) { // and what it owed with it
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	pg := choosePaging(source)
	var paid []ledger.Debt
	debts = slices.DeleteFunc(debts, func(d ledger.Debt) bool {
		other := pg == nil || d.By != pg.describe()
		if other {
			paid, stale = append(paid, d), stale+1
		}
		return other
	})
	for part := range slices.Chunk(debts, 500) {
		atTarget, err := present(ctx, c.target, pg, mysql.Table(target.Schema, target.Name), part)
		var atSource map[[32]byte]bool
		if err = definitionError(err); err == nil {
			atSource, err = c.atSource(ctx, source, pg, part)
		}
		if errors.Is(err, errDiffers) {
			open = append(open, part...) // a statement is under way to the target, or here
			continue
		}
		if err != nil {
			return nil, 0, fmt.Errorf("settle the debts of %s: %w", source.ID(), err)
		}
		for _, d := range part {
			if h := d.Hash(); atTarget[h] || !atSource[h] {
				paid = append(paid, d)
			} else {
				open = append(open, d)
			}
		}
	}
	return open, stale, c.Ledger.Pay(ctx, paid)
}

// atSource returns which of the keys the source holds, in the table that the
// applied definition is of: under another one's name none would be found. The
// metadata lock of the transaction keeps the two together.
func (c *Copier) atSource(ctx context.Context, applied *schema.Table, pg *paging, debts []ledger.Debt) (map[[32]byte]bool, error) {
	conn, err := c.source.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer discard(conn, true) // ends the transaction
	for _, q := range []string{"START TRANSACTION READ ONLY", touch(applied)} {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return nil, definitionError(err)
		}
	}
	if err := c.isApplied(ctx, conn, applied); err != nil {
		return nil, err
	}
	return present(ctx, conn, pg, mysql.Table(applied.Schema, applied.Name), debts)
}

// present returns which of the keys a server holds, byte for byte.
func present(ctx context.Context, q mysql.Querier, pg *paging, name string, debts []ledger.Debt) (map[[32]byte]bool, error) {
	keys := make([]ledger.Bound, len(debts))
	for i, d := range debts {
		keys[i] = d.Key
	}
	rows, err := q.QueryContext(ctx, "SELECT "+pg.selectList()+" FROM "+name+" WHERE "+pg.anyOf(keys))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found, err := pg.scan(rows)
	if err != nil {
		return nil, err
	}
	there := make(map[[32]byte]bool, len(found))
	for _, k := range found {
		there[ledger.Debt{Key: k}.Hash()] = true
	}
	return there, nil
}
