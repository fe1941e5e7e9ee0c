package snapshot

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

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

// agree checks that the tables a view reads have the definitions that are applied
// (ENGINE §3, DDL during the copy), and that these are still the ones the caller
// has chosen: until the view was in the gate, a statement could give the tables'
// names to others. The view's transaction touches them first, so that the metadata
// locks keep what is read here true for the rows.
func (c *Copier) agree(ctx context.Context, v *view, tables []*tableCopy, applied []*schema.Table) error {
	texts := make([][]byte, len(applied))
	var err error
	if c.Source.Server.Galera {
		err = v.definitions(ctx, applied, texts)
	} else {
		err = v.definitionsTogether(ctx, applied, texts)
	}
	if err != nil {
		return definitionError(err)
	}
	for i, t := range tables {
		if err := c.same(ctx, v, t, applied[i], texts[i]); err != nil {
			return err
		}
		if err := c.still(t, applied[i]); err != nil {
			return err
		}
		t.mu.Lock()
		t.differs = time.Time{}
		t.mu.Unlock()
	}
	return nil
}

// saidEvery is how often a table's waiting for its definition is told: it ends
// when the log comes to the statement, and nobody would know if that never came.
const saidEvery = time.Minute

func (c *Copier) waits(t *tableCopy, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if t.differs.IsZero() {
		t.differs, t.told = now, now
	}
	if now.Sub(t.told) < saidEvery {
		c.Log.Debug().Err(err).Msg("copy waits for the applied definition")
		return
	}
	t.told = now
	c.Log.Warn().Err(err).Int("table", t.ID).Dur("for", now.Sub(t.differs)).Msg("copy waits for the applied definition")
}

// finished returns errDiffers while a statement on the table has come to no end.
func (c *Copier) finished(ctx context.Context, t *tableCopy) error {
	open, err := c.Definitions.BrokenOff(ctx, t.ID)
	if err == nil && open {
		err = fmt.Errorf("table %d: a statement on it was broken off: %w", t.ID, errDiffers)
	}
	return err
}

// still checks that a definition is the applied one. It is asked last: what same
// compares with may be a later one.
func (c *Copier) still(t *tableCopy, source *schema.Table) error {
	now, _, err := c.applied(t.ID)
	if err == nil && now != source {
		err = fmt.Errorf("%s: %w", source.ID(), errDiffers)
	}
	return err
}

func touch(t *schema.Table) string {
	return "SELECT 1 FROM " + mysql.Table(t.Schema, t.Name) + " LIMIT 0"
}

func showCreate(t *schema.Table) string { return "SHOW CREATE TABLE " + mysql.Table(t.Schema, t.Name) }

// definitions touches tables and reads their SHOW CREATE TABLE. A cluster may end
// the transaction for another node's DDL; it says so to the next packet only.
func (v *view) definitions(ctx context.Context, tables []*schema.Table, texts [][]byte) error {
	for _, t := range tables {
		if _, err := v.conn.ExecContext(ctx, touch(t)); err != nil {
			return err
		}
	}
	for i, t := range tables {
		var ignored string
		if err := v.conn.QueryRowContext(ctx, showCreate(t)).Scan(&ignored, &texts[i]); err != nil {
			return err
		}
	}
	return nil
}

// definitionsTogether does so by one packet.
func (v *view) definitionsTogether(ctx context.Context, tables []*schema.Table, texts [][]byte) error {
	query := make([]string, 0, 2*len(tables))
	for _, t := range tables {
		query = append(query, touch(t))
	}
	for _, t := range tables {
		query = append(query, showCreate(t))
	}
	rows, err := v.conn.QueryContext(ctx, strings.Join(query, ";"))
	if err != nil {
		return err
	}
	defer rows.Close()
	for range tables {
		if !rows.NextResultSet() {
			return cmp.Or(rows.Err(), io.ErrUnexpectedEOF)
		}
	}
	for i := range tables {
		if i > 0 && !rows.NextResultSet() || !rows.Next() {
			return cmp.Or(rows.Err(), io.ErrUnexpectedEOF)
		}
		var ignored string
		if err := rows.Scan(&ignored, &texts[i]); err != nil {
			return err
		}
	}
	return rows.Close()
}

// same checks a table whose SHOW CREATE TABLE is text.
func (c *Copier) same(ctx context.Context, v *view, t *tableCopy, applied *schema.Table, text []byte) error {
	known := c.Definitions.Text(t.ID)
	if string(text) == known {
		return nil
	}
	now := string(counter.ReplaceAll(text, nil))
	t.mu.Lock()
	agreed := t.text == now && t.agreed == applied
	t.mu.Unlock()
	if agreed || now == counter.ReplaceAllString(known, "") {
		return nil
	}
	if err := c.isApplied(ctx, v.conn, applied); err != nil {
		return err
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

// outdated reports whether the source refused a statement since its table is not
// the applied one any more. With a column's name on a column of another type a
// server finds nearly anything to be wrong.
func (c *Copier) outdated(ctx context.Context, applied *schema.Table, refusal error) bool {
	if noSuchTable[mysql.Number(refusal)] {
		return true
	}
	if mysql.Number(refusal) == 0 || mysql.Classify(refusal) == mysql.Transient {
		return false
	}
	conn, err := c.plans.Conn(ctx)
	if err != nil {
		return false
	}
	err = c.isApplied(ctx, conn, applied)
	discard(conn, err != nil) // its charset may not be what the next one wants
	return errors.Is(err, errDiffers)
}

// isApplied checks that the source's table is what is applied; errDiffers if not.
func (c *Copier) isApplied(ctx context.Context, conn *sql.Conn, applied *schema.Table) error {
	now, err := c.readDefinition(ctx, conn, applied.ID())
	if err != nil {
		return definitionError(err)
	}
	if now == nil || !c.sameRows(now, applied) {
		return fmt.Errorf("%s: %w: %s", applied.ID(), errDiffers, c.difference(now, applied))
	}
	return nil
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
// unique keys. Between flavours parts of the applied definition may be in the
// target's words.
func (c *Copier) sameRows(a, b *schema.Table) bool {
	same := sameColumn
	if c.Source.Server.Flavor != c.Target.Server.Flavor {
		same = sameForm
	}
	return slices.EqualFunc(a.Columns, b.Columns, same) && slices.Equal(uniqueKeys(a), uniqueKeys(b))
}

// difference says in what two definitions differ.
func (c *Copier) difference(now, applied *schema.Table) string {
	switch {
	case now == nil:
		return "it is not there"
	case len(now.Columns) != len(applied.Columns):
		return fmt.Sprintf("%d columns, %d applied", len(now.Columns), len(applied.Columns))
	case !slices.Equal(uniqueKeys(now), uniqueKeys(applied)):
		return fmt.Sprintf("unique keys %v, applied %v", uniqueKeys(now), uniqueKeys(applied))
	}
	for i := range now.Columns {
		if a, b := now.Columns[i], applied.Columns[i]; !sameColumn(a, b) {
			return fmt.Sprintf("column %s %s %s, applied %s %s %s", a.Name, a.Type, a.Collation, b.Name, b.Type, b.Collation)
		}
	}
	return ""
}

func sameColumn(a, b schema.Column) bool {
	return a.Name == b.Name && a.Type == b.Type && a.Charset == b.Charset && a.Collation == b.Collation &&
		a.Nullable == b.Nullable && a.Generation == b.Generation && a.Expression == b.Expression
}

func sameForm(a, b schema.Column) bool {
	return a.Name == b.Name && a.SameShape(&b) && a.Nullable == b.Nullable && a.Generation == b.Generation
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
