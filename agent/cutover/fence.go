package cutover

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

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
	// the way are ended first.
	if err := f.endWriters(ctx, ""); err != nil {
		return err
	}
	if err := f.set(ctx, "SET GLOBAL "+name+" = ON"); err != nil {
		return fmt.Errorf("make the source read-only: %w", err)
	}
	if f.Conn.Server.Flavor == mysql.MySQL {
		return nil // nobody commits under super_read_only
	}
	return f.endMeanwhile(ctx)
}

// listAge is how old an answer of information_schema.innodb_trx may be: InnoDB
// gives the last one again to who asks within a tenth of a second of it.
const listAge = 150 * time.Millisecond

// endMeanwhile ends the transactions that began before a MariaDB's fence stood and
// after the others were ended: an account with READ ONLY ADMIN could commit them.
// If the fence is gone by then, those who write did not begin before it.
func (f *Fence) endMeanwhile(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(listAge):
		return f.endWriters(ctx, " AND @@global.read_only")
	}
}

// set runs a statement that may have to wait for others, and ends it on the
// server if it is given up. Left alone it would hold back every writer as long
// as it waits, and then make the source read-only when nobody expects it.
func (f *Fence) set(ctx context.Context, statement string) error {
	conn, err := f.DB.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var id uint64
	if err := conn.QueryRowContext(ctx, "SELECT CONNECTION_ID()").Scan(&id); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, statement)
	if err == nil || mysql.Number(err) != 0 { // the server has answered
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endLimit)
	defer cancel()
	return errors.Join(err, f.end(ctx, id))
}

// endLimit is how long a session may take to end after KILL.
const endLimit = 20 * time.Second

// end kills a session and waits until it is gone.
func (f *Fence) end(ctx context.Context, id uint64) error {
	if _, err := f.DB.ExecContext(ctx, fmt.Sprintf("KILL %d", id)); err != nil && mysql.Number(err) != noSuchSession {
		return fmt.Errorf("end session %d on the source, which waits to make it read-only: %w", id, err)
	}
	for {
		var n int
		if err := f.DB.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = ?", id).Scan(&n); err != nil {
			return fmt.Errorf("wait for the end of session %d on the source: %w", id, err)
		}
		if n == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("session %d on the source, which waits to make it read-only, does not end", id)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// noSuchSession is the answer to KILL of a session that is gone.
const noSuchSession = 1094

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
// changed rows, but our own, where a condition holds.
func (f *Fence) endWriters(ctx context.Context, where string) error {
	rows, err := f.DB.QueryContext(ctx, `SELECT t.trx_mysql_thread_id FROM information_schema.innodb_trx t
		WHERE t.trx_mysql_thread_id <> 0 AND t.trx_mysql_thread_id <> CONNECTION_ID() AND t.trx_rows_modified > 0`+where)
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
		if _, err := f.DB.ExecContext(ctx, fmt.Sprintf("KILL %d", id)); err != nil && mysql.Number(err) != noSuchSession {
			return fmt.Errorf("end the transaction of session %d on the source: %w", id, err)
		}
	}
	return nil
}
