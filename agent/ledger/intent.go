package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Object is what the target holds under one name at one moment.
type Object struct {
	Schema string `json:"schema"`
	Name   string `json:"name,omitempty"` // empty: the database itself
	Exists bool   `json:"exists"`

	// Fingerprint is a hash of the definition.
	Fingerprint string `json:"fingerprint,omitempty"`

	// Identity has InnoDB's number of the table (key "") and of each partition.
	// The numbers follow the data through RENAME and EXCHANGE PARTITION, which
	// a definition cannot show.
	Identity map[string]uint64 `json:"identity,omitempty"`
}

// Equal reports whether both are the same object in the same state.
func (o Object) Equal(p Object) bool {
	return o.Schema == p.Schema && o.Name == p.Name && o.Exists == p.Exists && o.Fingerprint == p.Fingerprint && maps.Equal(o.Identity, p.Identity)
}

// String shows the object's state to people.
func (o Object) String() string {
	name := o.Schema
	if o.Name != "" {
		name += "." + o.Name
	}
	if !o.Exists {
		return name + " absent"
	}
	return fmt.Sprintf("%s definition %.12s identity %v", name, o.Fingerprint, o.Identity)
}

// Intent is a statement that commits by itself, noted before it runs: what is
// found after a crash is compared with what was there before.
type Intent struct {
	Seq       uint64 // batch of the statement's barrier
	Step      int
	Statement string
	Objects   []Object // every object it names, as it was before
	Done      bool
}

// Intend notes an intent. Those of older statements, which are done, go.
func (l *Ledger) Intend(ctx context.Context, in Intent) error {
	objects, err := json.Marshal(in.Objects)
	if err != nil {
		return fmt.Errorf("note the intent of %.200q: %w", in.Statement, err)
	}
	return l.write(ctx, fmt.Sprintf("note the intent of %.200q", in.Statement), func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM `_tidegate`.`intent` WHERE run = ? AND seq < ? AND done = 1", l.Run, in.Seq); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO `_tidegate`.`intent` (run, seq, step, statement, objects, done) VALUES (?,?,?,?,?,0)",
			l.Run, in.Seq, in.Step, in.Statement, objects)
		return err
	})
}

// IntentDone marks an intent done in tx, whose commit makes it so together with
// the advance of the ledger.
func (l *Ledger) IntentDone(ctx context.Context, tx *sql.Tx, seq uint64, step int) error {
	if err := l.Fence(ctx, tx); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE `_tidegate`.`intent` SET done = 1 WHERE run = ? AND seq = ? AND step = ?", l.Run, seq, step)
	return err
}

// Withdraw takes an intent back whose statement the target has refused: before it
// is tried again somebody may change what it is about.
func (l *Ledger) Withdraw(ctx context.Context, seq uint64, step int) error {
	return l.write(ctx, "take an intent back", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM `_tidegate`.`intent` WHERE run = ? AND seq = ? AND step = ? AND done = 0", l.Run, seq, step)
		return err
	})
}

// IntentsOf returns what is noted of one statement, by step.
func (l *Ledger) IntentsOf(ctx context.Context, q mysql.Querier, seq uint64) (map[int]Intent, error) {
	rows, err := q.QueryContext(ctx, "SELECT step, statement, objects, done FROM `_tidegate`.`intent` WHERE run = ? AND seq = ?", l.Run, seq)
	if err != nil {
		return nil, fmt.Errorf("run %s: read the intents of batch %d: %w", l.Run, seq, err)
	}
	defer rows.Close()
	out := map[int]Intent{}
	for rows.Next() {
		in := Intent{Seq: seq}
		var objects []byte
		if err := rows.Scan(&in.Step, &in.Statement, &objects, &in.Done); err != nil {
			return nil, fmt.Errorf("run %s: read the intents of batch %d: %w", l.Run, seq, err)
		}
		if err := json.Unmarshal(objects, &in.Objects); err != nil {
			return nil, fmt.Errorf("run %s: intent of batch %d step %d: %w", l.Run, seq, in.Step, err)
		}
		out[in.Step] = in
	}
	return out, rows.Err()
}

// Unfinished returns the objects of a statement that was begun and has not
// moved the ledger: each may be as before it, as after it, or gone.
func (l *Ledger) Unfinished(ctx context.Context) ([]Object, error) {
	rows, err := l.DB.QueryContext(ctx, "SELECT objects FROM `_tidegate`.`intent` WHERE run = ? AND seq > (SELECT MIN(batch) FROM `_tidegate`.`ledger` WHERE run = ?)", l.Run, l.Run)
	if err != nil {
		return nil, fmt.Errorf("run %s: read the open intents: %w", l.Run, err)
	}
	defer rows.Close()
	var out []Object
	for rows.Next() {
		var text []byte
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("run %s: read the open intents: %w", l.Run, err)
		}
		var objects []Object
		if err := json.Unmarshal(text, &objects); err != nil {
			return nil, fmt.Errorf("run %s: open intent: %w", l.Run, err)
		}
		out = append(out, objects...)
	}
	return out, rows.Err()
}

// Transaction runs f in one control transaction of this owner. An error of its
// COMMIT to which no server answered is ErrOutcomeUnknown.
func (l *Ledger) Transaction(ctx context.Context, what string, f func(tx *sql.Tx) error) error {
	return l.tx(ctx, what, f)
}
