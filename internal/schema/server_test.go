package schema_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// peer is a server with the sessions tests need.
type peer struct {
	*dbtest.Server
	flavor mysql.Flavor
	raw    *sql.DB // as rows are copied
	text   *sql.DB // without strict mode, so that anything can be stored
	db     string
}

func newPeer(t *testing.T, flavor dbtest.Flavor) *peer {
	t.Helper()
	s := dbtest.Shared(t, dbtest.Config{Flavor: flavor})
	conn, err := mysql.Dial(t.Context(), s.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{Server: s, flavor: conn.Server.Flavor, db: s.NewSchema(t)}
	if p.raw, err = conn.Open(mysql.Raw, 1); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.raw.Close() })
	if p.text, err = conn.Open(mysql.Text, 1, mysql.Set("sql_mode", "'"+schema.LaxMode+"'")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.text.Close() })
	p.exec(t, p.text, "USE "+mysql.Ident(p.db))
	p.exec(t, p.raw, "USE "+mysql.Ident(p.db))
	return p
}

func (p *peer) exec(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatalf("%s: %.300q: %v", p.Server.Flavor, query, err)
	}
}

// column reads the definition of a column.
func (p *peer) column(t *testing.T, table, name string) *schema.Column {
	t.Helper()
	var c schema.Column
	var charset, collation sql.NullString
	var length, precision, scale, fraction sql.NullInt64
	var typ string
	err := p.text.QueryRowContext(t.Context(), `SELECT COLUMN_NAME, COLUMN_TYPE, DATA_TYPE, CHARACTER_SET_NAME, COLLATION_NAME,
		CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION, LOCATE('unsigned', COLUMN_TYPE) > 0
		FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND COLUMN_NAME = ?`, p.db, table, name).
		Scan(&c.Name, &typ, &c.DataType, &charset, &collation, &length, &precision, &scale, &fraction, &c.Unsigned)
	if err != nil {
		t.Fatalf("definition of %s.%s: %v", table, name, err)
	}
	c.Type, c.Charset, c.Collation, c.Nullable = typ, charset.String, collation.String, true
	c.Length, c.Precision, c.Scale, c.Fraction = length.Int64, int(precision.Int64), int(scale.Int64), int(fraction.Int64)
	return &c
}

// mark is where the log is now.
func (p *peer) mark(t *testing.T) gomysql.Position {
	t.Helper()
	query := "SHOW MASTER STATUS"
	if p.flavor == mysql.MySQL {
		query = "SHOW BINARY LOG STATUS"
	}
	rows, err := p.text.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, _ := rows.Columns()
	values := make([]any, len(names))
	var pos gomysql.Position
	for i := range values {
		values[i] = new(sql.RawBytes)
	}
	values[0], values[1] = &pos.Name, &pos.Pos
	if !rows.Next() {
		t.Fatal("no binary log")
	}
	if err := rows.Scan(values...); err != nil {
		t.Fatal(err)
	}
	return pos
}

// image is one inserted row as the log carries it.
type image struct {
	table *change.TableMap
	row   change.Row
}

// inserts returns the rows that the log says were inserted between from and now,
// by table, in order.
func (p *peer) inserts(t *testing.T, from gomysql.Position) map[string][]image {
	t.Helper()
	end := p.mark(t)
	found := map[string][]image{}
	cfg := replication.BinlogSyncerConfig{
		ServerID: p.ServerID + 5000, Flavor: p.Server.Flavor.Family(), Host: "127.0.0.1", Port: uint16(p.Port), User: p.User, Password: p.Password,
		Logger: slog.New(slog.DiscardHandler),
		RowsEventDecodeFunc: func(e *replication.RowsEvent, data []byte) error {
			pos, err := e.DecodeHeader(data)
			if err != nil {
				return err
			}
			return cutRows(e, slices.Clone(data[pos:]), found)
		},
	}
	syncer := replication.NewBinlogSyncer(cfg)
	defer syncer.Close()
	streamer, err := syncer.StartSync(from)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		ev, err := streamer.GetEvent(ctx)
		if err != nil {
			t.Fatalf("read the log to %v: %v", end, err)
		}
		if ev.Header.LogPos >= end.Pos && ev.Header.EventType != replication.FORMAT_DESCRIPTION_EVENT && ev.Header.EventType != replication.ROTATE_EVENT {
			return found
		}
	}
}

func cutRows(e *replication.RowsEvent, data []byte, found map[string][]image) error {
	tm := &change.TableMap{Schema: string(e.Table.Schema), Name: string(e.Table.Table), Types: slices.Clone(e.Table.ColumnType), Meta: slices.Clone(e.Table.ColumnMeta)}
	for len(data) > 0 {
		row, n, err := tm.Cut(data, make([]change.Span, len(tm.Types)))
		if err != nil {
			return err
		}
		data = data[n:]
		found[tm.Name] = append(found[tm.Name], image{tm, row})
	}
	return nil
}

// codec makes the codec of column i of the images' table.
func codec(t *testing.T, im image, i int, col *schema.Column) *schema.Codec {
	t.Helper()
	c, err := schema.NewCodec(col, im.table.Types[i], im.table.Meta[i])
	if err != nil {
		t.Fatalf("%s.%s: %v", im.table.Name, col.Name, err)
	}
	return c
}

func short(b []byte) string { return fmt.Sprintf("%.200q", b) }
