package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Debt is a row that a chunk removed from the target because it stood in the
// way of another: an event of its window must bring it back (ENGINE §3). One
// left when the window ends means that the target finds rows equal which the
// source keeps apart.
type Debt struct {
	Table int      `json:"-"`
	Key   []string `json:"key"` // the row key as SQL literals, ASCII
	By    string   `json:"by"`  // what the literals are of, as who notes the debt describes it
}

// Hash is the debt's identity in its table.
func (d Debt) Hash() [sha256.Size]byte { return sha256.Sum256([]byte(strings.Join(d.Key, ","))) }

func (d Debt) keyText() string {
	h := d.Hash()
	return hexText(string(h[:]))
}

// OweIn notes debts in the transaction that removes the rows.
func (l *Ledger) OweIn(ctx context.Context, db mysql.Execer, debts []Debt) error {
	rows := make([]string, 0, len(debts))
	for _, d := range debts {
		literals, err := json.Marshal(d)
		if err != nil {
			return fmt.Errorf("note a debt: %w", err)
		}
		rows = append(rows, fmt.Sprintf("(%s,%d,%s,%s)", hexText(l.Run), d.Table, d.keyText(), hexText(string(literals))))
	}
	if err := inserts(ctx, db, "INSERT INTO `_tidegate`.`debt` (run, tbl, row_key, literals) VALUES ", " ON DUPLICATE KEY UPDATE tbl = tbl", rows); err != nil {
		return fmt.Errorf("note debts: %w", err)
	}
	return nil
}

// PayIn removes debts in the transaction that applies events for their keys.
func (l *Ledger) PayIn(ctx context.Context, db mysql.Execer, debts []Debt) error {
	for _, d := range debts {
		if _, err := db.ExecContext(ctx, fmt.Sprintf("DELETE FROM `_tidegate`.`debt` WHERE run = %s AND tbl = %d AND row_key = %s", hexText(l.Run), d.Table, d.keyText())); err != nil {
			return fmt.Errorf("pay a debt of table %d: %w", d.Table, err)
		}
	}
	return nil
}

// Debts reads the open debts of a table, at most limit of them (0: all).
func (l *Ledger) Debts(ctx context.Context, table, limit int) ([]Debt, error) {
	q := fmt.Sprintf("SELECT literals FROM `_tidegate`.`debt` WHERE run = %s AND tbl = %d ORDER BY row_key", hexText(l.Run), table)
	if limit > 0 {
		q += fmt.Sprintf(" LIMIT %d", limit)
	}
	rows, err := l.DB.QueryContext(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read debts of table %d: %w", table, err)
	}
	defer rows.Close()
	return scanDebts(rows, table)
}

// Indebted lists the tables that have open debts.
func (l *Ledger) Indebted(ctx context.Context) ([]int, error) {
	return l.ids(ctx, "SELECT DISTINCT tbl FROM `_tidegate`.`debt` WHERE run = "+hexText(l.Run)+" ORDER BY tbl")
}

func scanDebts(rows *sql.Rows, table int) ([]Debt, error) {
	var out []Debt
	for rows.Next() {
		var text []byte
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("read debts of table %d: %w", table, err)
		}
		d := Debt{Table: table}
		if err := json.Unmarshal(text, &d); err != nil {
			return nil, fmt.Errorf("stored debt of table %d: %w", table, err)
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// Pay removes debts in a transaction of its own.
func (l *Ledger) Pay(ctx context.Context, debts []Debt) error {
	if len(debts) == 0 {
		return nil
	}
	return l.write(ctx, "remove paid debts", func(tx *sql.Tx) error { return l.PayIn(ctx, tx, debts) })
}
