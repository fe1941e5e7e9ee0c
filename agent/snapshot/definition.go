package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// errDiffers says that the source's table is not, now, what the log's applied
// part says: a DDL is on its way.
var errDiffers = errors.New("the source's definition is not the applied one")

// applied is what is known of a table; errGone if that is nothing.
func (c *Copier) applied(id int) (source, target *schema.Table, err error) {
	source, target, err = c.Definitions.Applied(id)
	if err == nil && source == nil {
		err = errGone
	}
	if err != nil {
		return nil, nil, fmt.Errorf("table %d: %w", id, err)
	}
	return source, target, nil
}

var noSuchTable = map[uint16]bool{1146: true, 1049: true, 1176: true, 1054: true, 1412: true}

// counter is the part of SHOW CREATE TABLE that moves with every row.
var counter = regexp.MustCompile(` AUTO_INCREMENT=\d+`)

// agree checks that the table a view reads has the definition that is applied
// (ENGINE §3, DDL during the copy). The view's transaction touches the table
// first, so that the metadata lock keeps what is read here true for the rows.
func (c *Copier) agree(ctx context.Context, v *view, t *tableCopy, applied *schema.Table) error {
	name := mysql.Table(applied.Schema, applied.Name)
	var one int
	err := v.conn.QueryRowContext(ctx, "SELECT 1 FROM "+name+" LIMIT 0").Scan(&one)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return definitionError(err)
	}
	var ignored string
	var text []byte
	if err := v.conn.QueryRowContext(ctx, "SHOW CREATE TABLE "+name).Scan(&ignored, &text); err != nil {
		return definitionError(err)
	}
	now := string(counter.ReplaceAll(text, nil))
	t.mu.Lock()
	known := t.text == now && t.agreed == applied
	t.mu.Unlock()
	if known || now == string(counter.ReplaceAll([]byte(c.Definitions.Text(t.ID)), nil)) {
		return nil
	}
	def, err := c.readDefinition(ctx, v.conn, applied.ID())
	if err != nil {
		return definitionError(err)
	}
	if def == nil || !sameRows(def, applied) {
		return fmt.Errorf("%s: %w", applied.ID(), errDiffers)
	}
	t.mu.Lock()
	t.text, t.agreed = now, applied
	t.mu.Unlock()
	return nil
}

func definitionError(err error) error {
	if noSuchTable[mysql.Number(err)] {
		return fmt.Errorf("%w: %w", errDiffers, err)
	}
	return err
}

// readDefinition reads names as text, which a session for rows does not do.
func (c *Copier) readDefinition(ctx context.Context, conn *sql.Conn, id schema.ID) (*schema.Table, error) {
	if err := setCharset(ctx, conn, mysql.Text); err != nil {
		return nil, err
	}
	def, err := c.Definitions.Read(ctx, conn, id)
	if err != nil {
		return nil, err
	}
	return def, setCharset(ctx, conn, mysql.Raw)
}

func setCharset(ctx context.Context, conn *sql.Conn, charset mysql.Charset) error {
	_, err := conn.ExecContext(ctx, fmt.Sprintf("SET character_set_client = %[1]s, character_set_connection = %[1]s, character_set_results = %[1]s", charset))
	return err
}

// sameRows reports whether rows of both definitions mean the same: columns and
// unique keys.
func sameRows(a, b *schema.Table) bool {
	return slices.EqualFunc(a.Columns, b.Columns, sameColumn) && slices.Equal(uniqueKeys(a), uniqueKeys(b))
}

func sameColumn(a, b schema.Column) bool {
	return a.Name == b.Name && a.Type == b.Type && a.Charset == b.Charset && a.Collation == b.Collation &&
		a.Nullable == b.Nullable && a.Generation == b.Generation && a.Expression == b.Expression
}

func uniqueKeys(t *schema.Table) []string {
	var out []string
	for _, k := range t.Keys {
		if k.Unique {
			out = append(out, fmt.Sprintf("%s %+v %t", k.Name, k.Parts, k.WithoutOverlaps))
		}
	}
	slices.Sort(out)
	return out
}
