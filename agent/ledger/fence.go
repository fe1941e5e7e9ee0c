package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Lane is one lane's row: its last batch and the positions that bound it.
type Lane struct {
	Batch    uint64
	From, To change.Position
}

// State is what the target says about the run.
type State struct {
	Run   Run
	Lanes []Lane // by lane number
}

func (s *State) first() Lane {
	low := s.Lanes[0]
	for _, l := range s.Lanes[1:] {
		if l.Batch < low.Batch {
			low = l
		}
	}
	return low
}

func (s *State) last() Lane {
	high := s.Lanes[0]
	for _, l := range s.Lanes[1:] {
		if l.Batch > high.Batch {
			high = l
		}
	}
	return high
}

// Frontier returns the last batch all lanes have committed and the position
// after it.
func (s *State) Frontier() (uint64, change.Position) {
	low := s.first()
	return low.Batch, low.To
}

// Half returns the batch that some lanes have committed and others lack, and
// says which have it. done is nil if all lanes stand at the same batch.
func (s *State) Half() (batch Lane, done []bool) {
	low, high := s.first(), s.last()
	if low.Batch == high.Batch {
		return high, nil
	}
	done = make([]bool, len(s.Lanes))
	for i, l := range s.Lanes {
		done[i] = l.Batch == high.Batch
	}
	return high, done
}

// check holds the rows to what no skew between lanes allows: neighbouring
// batches at most, which meet at one position.
func (s *State) check(l *Ledger) error {
	low, high := s.first(), s.last()
	if high.Batch > low.Batch+1 {
		return l.outOfStep(fmt.Sprintf("lanes stand at batch %d and %d", low.Batch, high.Batch))
	}
	for i, lane := range s.Lanes {
		switch {
		case lane.Batch == high.Batch && lane.To != high.To, lane.Batch == low.Batch && lane.To != low.To:
			return l.outOfStep(fmt.Sprintf("lane %d has another position for batch %d than the others", i, lane.Batch))
		case lane.Batch > low.Batch && lane.From != low.To:
			return l.outOfStep(fmt.Sprintf("batch %d does not begin where batch %d ends", lane.Batch, low.Batch))
		}
	}
	return nil
}

// TakeOver fences every older owner and reads the run (I-5). The raised epoch
// is committed before anything is read: the update waits for any transaction of
// an older owner that is still in flight, and what begins later meets the new
// epoch. The same is done after every lost connection, for the own sessions
// whose outcome is not known.
//
// Connections that were registered as the run's writers are ended first, the
// caller's own included; other sessions of the run only if they stand in the way.
func (l *Ledger) TakeOver(ctx context.Context) (*State, error) {
	if err := l.Owned(ctx); err != nil {
		return nil, err
	}
	if err := l.raise(ctx); err != nil {
		return nil, err
	}
	return l.Read(ctx)
}

// Read reads a run that this owner has taken over or begun, unless a newer one has
// it.
func (l *Ledger) Read(ctx context.Context) (*State, error) {
	var st *State
	err := l.tx(ctx, "read the ledger", func(tx *sql.Tx) (err error) {
		st, err = l.lock(ctx, tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return st, st.check(l)
}

// lockWait answers a statement that waited too long for a row.
const lockWait = 1205

// patience is how many seconds a living owner's transaction on the run's rows
// may take. It is above what a chunk takes to be written; one that takes longer
// is ended and its chunk written again.
const patience = "5"

// raise writes the own epoch into all rows of the run. A transaction that keeps
// them locked for longer than an owner at work would is ended: nobody may ever
// end it otherwise.
func (l *Ledger) raise(ctx context.Context) error {
	conn, err := l.DB.Conn(ctx)
	if err != nil {
		return fmt.Errorf("run %s: connect to the target: %w", l.Run, err)
	}
	defer conn.Close()
	if err := l.endWriters(ctx, conn); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "SET SESSION innodb_lock_wait_timeout = "+patience); err != nil {
		return fmt.Errorf("run %s: raise the epoch: %w", l.Run, err)
	}
	err = l.raiseOn(ctx, conn)
	if _, back := conn.ExecContext(ctx, "SET SESSION innodb_lock_wait_timeout = "+mysql.LockWait); err == nil || mysql.Number(err) == lockWait {
		err = errors.Join(err, back)
	}
	if mysql.Number(err) != lockWait {
		return err
	}
	if err := l.endSessions(ctx, conn); err != nil {
		return err
	}
	return l.raiseOn(ctx, conn)
}

func (l *Ledger) raiseOn(ctx context.Context, conn *sql.Conn) error {
	return l.txOn(ctx, conn, "raise the epoch", func(tx *sql.Tx) error {
		for _, table := range []string{"run", "ledger"} {
			_, err := tx.ExecContext(ctx, "UPDATE "+mysql.Table(Schema, table)+" SET epoch = ? WHERE run = ? AND epoch <= ?", l.Epoch, l.Run, l.Epoch)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// lock reads the run's rows under locks, in one round trip, and refuses a newer
// owner's.
func (l *Ledger) lock(ctx context.Context, tx *sql.Tx) (*State, error) {
	run := hexText(l.Run)
	rows, err := tx.QueryContext(ctx, "SELECT pipeline, epoch, phase, start_pos, lanes, config, config_hash FROM `_tidegate`.`run` WHERE run = "+run+" FOR UPDATE;"+
		"SELECT lane, epoch, batch, from_pos, to_pos FROM `_tidegate`.`ledger` WHERE run = "+run+" ORDER BY lane FOR UPDATE")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	st := &State{}
	if err := l.scanRun(rows, &st.Run); err != nil {
		return nil, err
	}
	if !rows.NextResultSet() {
		return nil, cmp.Or(rows.Err(), io.ErrUnexpectedEOF)
	}
	for rows.Next() {
		lane, err := l.scanLane(rows, len(st.Lanes))
		if err != nil {
			return nil, err
		}
		st.Lanes = append(st.Lanes, lane)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(st.Lanes) != st.Run.Lanes {
		return nil, l.outOfStep(fmt.Sprintf("%d lanes have a row, the run has %d", len(st.Lanes), st.Run.Lanes))
	}
	return st, nil
}

func (l *Ledger) scanRun(rows *sql.Rows, r *Run) error {
	if !rows.Next() {
		return cmp.Or(rows.Err(), l.noRun())
	}
	var start string
	err := rows.Scan(&r.Pipeline, &r.Epoch, &r.Phase, &start, &r.Lanes, &r.Config, &r.ConfigHash)
	if err != nil {
		return err
	}
	if r.Epoch != l.Epoch {
		return l.fenced(r.Epoch)
	}
	r.Start, err = change.DecodePosition(start)
	return err
}

func (l *Ledger) scanLane(rows *sql.Rows, want int) (Lane, error) {
	var lane Lane
	var n int
	var epoch uint64
	var from, to string
	if err := rows.Scan(&n, &epoch, &lane.Batch, &from, &to); err != nil {
		return lane, err
	}
	if n != want {
		return lane, l.outOfStep(fmt.Sprintf("lane %d has no row", want))
	}
	if epoch != l.Epoch {
		return lane, l.fenced(epoch)
	}
	var err error
	if lane.From, err = change.DecodePosition(from); err != nil {
		return lane, err
	}
	lane.To, err = change.DecodePosition(to)
	return lane, err
}
