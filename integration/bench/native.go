package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// follow has the target replicate by itself until it has all of the backlog,
// and returns how long that took.
func (l *lab) follow(ctx context.Context, bl *backlog, workers int) (sample, error) {
	var s sample
	setUp, start := l.replica(bl, workers)
	if err := execute(ctx, l.dst.DB(), setUp...); err != nil {
		return s, err
	}
	var err error
	s.Value, s.TargetCPU, err = l.timed(func() error {
		if err := execute(ctx, l.dst.DB(), start); err != nil {
			return err
		}
		return l.arrived(ctx, bl.End)
	})
	return s, err
}

// replica are the statements that make the target a replica from the backlog's
// start, and the one that starts it.
func (l *lab) replica(bl *backlog, workers int) (setUp []string, start string) {
	if l.flavor == dbtest.MySQL {
		return []string{
			fmt.Sprintf("SET GLOBAL replica_parallel_workers = %d", workers),
			fmt.Sprintf("CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=%d, SOURCE_USER='%s', SOURCE_PASSWORD='%s', SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1",
				l.src.Port, l.src.User, l.src.Password),
		}, "START REPLICA"
	}
	return []string{
		fmt.Sprintf("SET GLOBAL slave_parallel_threads = %d", workers), "SET GLOBAL slave_parallel_mode = 'optimistic'",
		fmt.Sprintf("SET GLOBAL gtid_slave_pos = '%s'", bl.Start),
		fmt.Sprintf("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=%d, MASTER_USER='%s', MASTER_PASSWORD='%s', MASTER_USE_GTID=slave_pos", l.src.Port, l.src.User, l.src.Password),
	}, "START SLAVE"
}

// arrived waits until a replica has applied a position, or has stopped.
func (l *lab) arrived(ctx context.Context, end string) error {
	wait, done, status := "SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 5)", int64(0), "SHOW REPLICA STATUS"
	if l.flavor != dbtest.MySQL {
		wait, status = "SELECT MASTER_GTID_WAIT(?, 5)", "SHOW SLAVE STATUS"
	}
	for {
		var got int64
		if err := l.dst.DB().QueryRowContext(ctx, wait, end).Scan(&got); err != nil {
			return err
		}
		if got == done {
			return nil
		}
		if err := l.replicaError(ctx, status); err != nil {
			return err
		}
	}
}

func (l *lab) replicaError(ctx context.Context, status string) error {
	rows, err := l.dst.DB().QueryContext(ctx, status)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	if !rows.Next() {
		return errors.Join(errors.New("the target is no replica"), rows.Err())
	}
	values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		return err
	}
	for i, c := range columns {
		if (c == "Last_Error" || c == "Last_IO_Error") && values[i].String != "" {
			return fmt.Errorf("replication stopped: %s", values[i].String)
		}
	}
	return rows.Err()
}

// timed is how many seconds do takes, and how many of processor time the target
// spends meanwhile.
func (l *lab) timed(do func() error) (seconds, targetCPU float64, err error) {
	before, err := cpu(l.dst.PID())
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	if err := do(); err != nil {
		return 0, 0, err
	}
	seconds = time.Since(began).Seconds()
	after, err := cpu(l.dst.PID())
	return seconds, after - before, err
}
