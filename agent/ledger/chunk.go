package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Bound is a place in a table's paging order: one SQL literal per key part, in
// ASCII. nil is the end of the order that it stands at.
type Bound []string

// Chunk is a range of a table: above Lower, up to and with Upper.
type Chunk struct {
	Table        int
	Seq          uint64 // ranges of a table follow each other in key order
	Lower, Upper Bound
}

// Done is what is noted of a chunk in the transaction that wrote its rows.
type Done struct {
	High  string // executed set of its high mark, as text
	Rows  int64
	Bytes int64
}

// ErrThrownAway says that a chunk is not handed out any more: the copy of its
// table was begun anew.
var ErrThrownAway = errors.New("the chunk is not handed out")

// CopyState is what the chunks of one table say.
type CopyState struct {
	Handed []Chunk // handed out and not done, in key order
	Last   Chunk   // the one furthest in key order, done or not
	Chunks int     // all of them
	High   *change.Set
	Rows   int64
	Bytes  int64
}

// LastHanded reports whether the range without an upper bound is handed out.
func (s *CopyState) LastHanded() bool { return s.Chunks > 0 && s.Last.Upper == nil }

// HandOut records ranges as handed out, and their tables as being copied. It
// must have returned before any of the ranges is read (I-3). ErrThrownAway says
// that the copy of some of the tables is to begin anew, or that they are gone:
// a range of theirs would pass for one of the new copy.
func (l *Ledger) HandOut(ctx context.Context, chunks []Chunk) error {
	rows := make([]string, 0, len(chunks))
	var ids, begun []int
	for _, c := range chunks {
		if !slices.Contains(ids, c.Table) {
			ids = append(ids, c.Table)
		}
		rows = append(rows, fmt.Sprintf("(%s,%d,%d,%s,%s,'handed','',0,0)", hexText(l.Run), c.Table, c.Seq, boundText(c.Lower), boundText(c.Upper)))
		if c.Seq == 0 {
			begun = append(begun, c.Table)
		}
	}
	return l.write(ctx, "hand out chunks", func(tx *sql.Tx) error {
		err := inserts(ctx, tx, "INSERT INTO `_tidegate`.`chunk` (run, tbl, seq, lower_bound, upper_bound, state, high_pos, row_count, byte_count) VALUES ",
			" ON DUPLICATE KEY UPDATE seq = seq", rows) // an answer was lost: they are there already, with these bounds
		if err == nil && len(begun) > 0 {
			_, err = l.setState(ctx, tx, Pending, Copying, begun)
		}
		if err != nil {
			return err
		}
		return l.allIn(ctx, tx, ids, Copying)
	})
}

func boundText(b Bound) string {
	if b == nil {
		return "NULL"
	}
	text, err := json.Marshal(b)
	if err != nil {
		panic(err) // strings always marshal
	}
	return hexText(string(text))
}

// DoneIn marks a chunk done: the last statement of the transaction that wrote
// its rows. The range must still be handed out; a table thrown away meanwhile
// has no such row any more.
func (l *Ledger) DoneIn(ctx context.Context, db mysql.Execer, c Chunk, d Done) error {
	res, err := db.ExecContext(ctx, l.DoneText(c, d))
	var n int64
	if err == nil {
		n, err = res.RowsAffected()
	}
	if err == nil && n != 1 {
		err = ErrThrownAway
	}
	if err != nil {
		return fmt.Errorf("mark chunk %d of table %d done: %w", c.Seq, c.Table, err)
	}
	return nil
}

// DoneText is the statement of DoneIn. It changes one row, or none if the chunk
// is thrown away.
func (l *Ledger) DoneText(c Chunk, d Done) string {
	return fmt.Sprintf("UPDATE `_tidegate`.`chunk` SET state = 'done', high_pos = %s, row_count = %d, byte_count = %d WHERE run = %s AND tbl = %d AND seq = %d AND state = 'handed'",
		hexText(d.High), d.Rows, d.Bytes, hexText(l.Run), c.Table, c.Seq)
}

// PieceIn notes a piece of a copy in one snapshot, written in this transaction.
func (l *Ledger) PieceIn(ctx context.Context, db mysql.Execer, c Chunk, d Done) error {
	_, err := db.ExecContext(ctx, fmt.Sprintf("INSERT INTO `_tidegate`.`chunk` (run, tbl, seq, lower_bound, upper_bound, state, high_pos, row_count, byte_count) VALUES (%s,%d,%d,NULL,NULL,'done',%s,%d,%d)",
		hexText(l.Run), c.Table, c.Seq, hexText(d.High), d.Rows, d.Bytes))
	if err != nil {
		return fmt.Errorf("note piece %d of table %d: %w", c.Seq, c.Table, err)
	}
	return nil
}

// Committed answers, after the answer to a commit was lost, whether the chunk
// or piece is there. It waits for a transaction that is still in flight.
func (l *Ledger) Committed(ctx context.Context, c Chunk) (done bool, err error) {
	err = l.write(ctx, "ask for a chunk's outcome", func(tx *sql.Tx) error {
		var state string
		err := tx.QueryRowContext(ctx, fmt.Sprintf("SELECT state FROM `_tidegate`.`chunk` WHERE run = %s AND tbl = %d AND seq = %d FOR UPDATE", hexText(l.Run), c.Table, c.Seq)).Scan(&state)
		if err == sql.ErrNoRows {
			return nil
		}
		done = state == "done"
		return err
	})
	return done, err
}

// CopyStates reads what all chunks of the run say, by table.
func (l *Ledger) CopyStates(ctx context.Context, kind change.Kind) (map[int]*CopyState, error) {
	rows, err := l.DB.QueryContext(ctx, "SELECT tbl, seq, lower_bound, upper_bound, state, high_pos, row_count, byte_count FROM `_tidegate`.`chunk` WHERE run = "+hexText(l.Run)+" ORDER BY tbl, seq")
	if err != nil {
		return nil, fmt.Errorf("read chunks of run %s: %w", l.Run, err)
	}
	defer rows.Close()
	out := map[int]*CopyState{}
	for rows.Next() {
		var c Chunk
		var d Done
		var lower, upper []byte
		var state string
		if err := rows.Scan(&c.Table, &c.Seq, &lower, &upper, &state, &d.High, &d.Rows, &d.Bytes); err != nil {
			return nil, fmt.Errorf("read chunks of run %s: %w", l.Run, err)
		}
		if c.Lower, err = boundOf(lower); err == nil {
			c.Upper, err = boundOf(upper)
		}
		if err != nil {
			return nil, fmt.Errorf("bounds of chunk %d of table %d: %w", c.Seq, c.Table, err)
		}
		s := out[c.Table]
		if s == nil {
			s = &CopyState{High: change.NewSet(kind)}
			out[c.Table] = s
		}
		if err := s.add(c, state, d); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read chunks of run %s: %w", l.Run, err)
	}
	return out, nil
}

// High returns the high marks of all chunks of a table that are done, united.
func (l *Ledger) High(ctx context.Context, q mysql.Querier, kind change.Kind, id int) (*change.Set, error) {
	s := &CopyState{High: change.NewSet(kind)}
	rows, err := q.QueryContext(ctx, fmt.Sprintf("SELECT seq, high_pos FROM `_tidegate`.`chunk` WHERE run = %s AND tbl = %d AND state = 'done'", hexText(l.Run), id))
	if err != nil {
		return nil, fmt.Errorf("read high marks of table %d: %w", id, err)
	}
	defer rows.Close()
	for rows.Next() {
		c, d := Chunk{Table: id}, Done{}
		if err := rows.Scan(&c.Seq, &d.High); err != nil {
			return nil, fmt.Errorf("read high marks of table %d: %w", id, err)
		}
		if err := s.add(c, "done", d); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read high marks of table %d: %w", id, err)
	}
	return s.High, nil
}

func (s *CopyState) add(c Chunk, state string, d Done) error {
	s.Chunks++
	s.Last = c
	if state != "done" {
		s.Handed = append(s.Handed, c)
		return nil
	}
	s.Rows += d.Rows
	s.Bytes += d.Bytes
	high, err := change.ParseSet(s.High.Kind(), d.High)
	if err != nil {
		return fmt.Errorf("high mark of chunk %d of table %d: %w", c.Seq, c.Table, err)
	}
	s.High.Union(high)
	return nil
}

func boundOf(text []byte) (Bound, error) {
	if text == nil {
		return nil, nil
	}
	var b Bound
	err := json.Unmarshal(text, &b)
	return b, err
}
