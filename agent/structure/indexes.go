package structure

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/fault"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// Indexer makes the indexes that were left out, after the copy. What is left is
// in _tidegate.table, so it may be stopped and begun again at any point: an
// index is there or it is not.
type Indexer struct {
	Ledger *ledger.Ledger
	LockDB *sql.DB
	Turn   *Turn
	Server *mysql.Server // the target

	// Threads is how many tables are worked on at the same time.
	Threads int
	// Built is called after every table, by several at the same time. May be nil.
	Built func(id int)
}

// BuildIndexes makes all indexes that are left out of tables whose rows are all
// there. A statement of the log cuts the builds short; they are begun again
// afterwards. The sequence ends when nothing is left.
func (ix *Indexer) BuildIndexes(ctx context.Context) error {
	for {
		ids, err := ix.Ledger.Unindexed(ctx)
		if err != nil || len(ids) == 0 {
			return err
		}
		err = ix.Turn.Yielding(ctx, func(ctx context.Context) error { return ix.tables(ctx, ids) })
		if err != nil && !errors.Is(err, ErrYield) { // then the list is read again
			return err
		}
	}
}

func (ix *Indexer) tables(ctx context.Context, ids []int) error {
	lock, err := ix.Ledger.Lock(ctx, ix.LockDB)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close(context.WithoutCancel(ctx)) }()
	var next atomic.Int64
	return lock.Spread(ctx, ix.LockDB, min(ix.Threads, len(ids))-1, func(ctx context.Context, lock *ledger.Lock) error {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(ids) {
				return nil
			}
			if err := ix.table(ctx, lock, ids[i]); err != nil {
				return err
			}
			if ix.Built != nil {
				ix.Built(ids[i])
			}
		}
	})
}

// table reads the list again, since a statement of the log may have changed it
// while the turn was waited for.
func (ix *Indexer) table(ctx context.Context, lock *ledger.Lock, id int) error {
	rows, err := ix.Ledger.Tables(ctx, id)
	if err != nil {
		return err
	}
	if len(rows) == 0 || rows[0].State != ledger.Copied && rows[0].State != ledger.Live {
		return nil // dropped, or to be copied anew, meanwhile
	}
	target := rows[0].Target
	missing, err := Missing(ctx, lock.Conn, ix.Server, target, rows[0].LeftOut)
	if err != nil {
		return fmt.Errorf("build the indexes of %s: %w", target, err)
	}
	for _, group := range groupIndexes(missing) {
		if err := lock.Check(ctx); err != nil {
			return err
		}
		q := "ALTER TABLE " + quoteID(target) + " " + join(group)
		err := alterTable(ctx, lock.Conn, q, definitionSettings(ix.Server))
		if mysql.Refused(err) {
			err = alterTable(ctx, lock.Conn, q, laxSettings(ix.Server)) // over columns that strict mode does not compute
		}
		if err != nil {
			return fmt.Errorf("build the indexes of %s: run on the target %.1000q: %w", target, q, err)
		}
	}
	fault.At("indexes-built")
	t, err := ReadTable(ctx, lock.Conn, ix.Server, target)
	if err != nil {
		return fmt.Errorf("build the indexes of %s: %w", target, err)
	}
	def, left := Indexed(rows[0].Definition, t.Definition, rows[0].LeftOut)
	return ix.Ledger.SetIndexes(ctx, id, def, left)
}

// Indexed is what is known of a table once the target has some of the indexes that
// were left out: its definition with them, which a statement of the log may have had
// read from the target without, and the clauses of the others.
func Indexed(def, target *schema.Table, leftOut []string) (*schema.Table, []string) {
	with, left := *def, []string{}
	with.Keys = slices.Clone(def.Keys)
	for _, clause := range leftOut {
		it, _, _ := addedKey(clause)
		named := func(k schema.Key) bool { return strings.EqualFold(k.Name, it.name) }
		switch i := slices.IndexFunc(target.Keys, named); {
		case i < 0:
			left = append(left, clause)
		case !slices.ContainsFunc(def.Keys, named):
			with.Keys = append(with.Keys, target.Keys[i])
		}
	}
	return &with, left
}

func alterTable(ctx context.Context, conn *sql.Conn, q string, settings []setting) error {
	return with(ctx, conn, settings, func() error {
		_, err := conn.ExecContext(ctx, q)
		return err
	})
}

// Missing returns those of the clauses whose index the table does not have.
func Missing(ctx context.Context, q mysql.Querier, server *mysql.Server, target schema.ID, clauses []string) ([]string, error) {
	if len(clauses) == 0 {
		return nil, nil
	}
	t, err := ReadTable(ctx, q, server, target)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, c := range clauses {
		it, _, ok := addedKey(c)
		if !ok {
			return nil, fmt.Errorf("left-out index of %s cannot be read: %q", target, c)
		}
		if !slices.ContainsFunc(t.Definition.Keys, func(k schema.Key) bool { return k.Name == it.name }) {
			out = append(out, c)
		}
	}
	return out, nil
}
