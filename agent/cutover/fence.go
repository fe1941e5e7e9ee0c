package cutover

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Fence makes a source read-only and back.
type Fence struct {
	Conn *mysql.Conn
	DB   *sql.DB
}

// Stop makes the server read-only and ends the transactions that are still
// open, so that no commit follows. Replicas' and our own connections stay.
func (f *Fence) Stop(ctx context.Context) error {
	name := "super_read_only"
	if f.Conn.Server.Flavor == mysql.MariaDB {
		name = "read_only"
	}
	// SET GLOBAL waits for open write transactions and table locks; those in
	// the way are ended first, and again afterwards for those that began
	// meanwhile.
	if err := f.endWriters(ctx); err != nil {
		return err
	}
	if _, err := f.DB.ExecContext(ctx, "SET GLOBAL "+name+" = ON"); err != nil {
		return fmt.Errorf("make the source read-only: %w", err)
	}
	return f.endWriters(ctx)
}

// Release lets the source take writes again.
func (f *Fence) Release(ctx context.Context) error {
	if f.Conn.Server.Flavor == mysql.MySQL {
		if _, err := f.DB.ExecContext(ctx, "SET GLOBAL super_read_only = OFF"); err != nil {
			return fmt.Errorf("let the source take writes again: %w", err)
		}
	}
	if _, err := f.DB.ExecContext(ctx, "SET GLOBAL read_only = OFF"); err != nil {
		return fmt.Errorf("let the source take writes again: %w", err)
	}
	return nil
}

// Stopped reports whether the fence stands: a restart of the server removes it.
func (f *Fence) Stopped(ctx context.Context) (bool, error) {
	var on string
	err := f.DB.QueryRowContext(ctx, "SELECT @@global.read_only").Scan(&on)
	if err != nil {
		return false, fmt.Errorf("look at the source's fence: %w", err)
	}
	return on == "1" || strings.EqualFold(on, "ON"), nil
}

// endWriters kills every session with an open InnoDB transaction that has
// changed rows, but our own.
func (f *Fence) endWriters(ctx context.Context) error {
	rows, err := f.DB.QueryContext(ctx, `SELECT t.trx_mysql_thread_id FROM information_schema.innodb_trx t
		WHERE t.trx_mysql_thread_id <> 0 AND t.trx_mysql_thread_id <> CONNECTION_ID() AND t.trx_rows_modified > 0`)
	if err != nil {
		return fmt.Errorf("list open transactions on the source: %w", err)
	}
	defer rows.Close()
	var ids []uint64
	for rows.Next() {
		var id uint64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := f.DB.ExecContext(ctx, fmt.Sprintf("KILL %d", id)); err != nil && mysql.Number(err) != 1094 { // gone meanwhile
			return fmt.Errorf("end the transaction of session %d on the source: %w", id, err)
		}
	}
	return nil
}
