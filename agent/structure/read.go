package structure

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/tidegate-io/tidegate/internal/guard"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// readers is how many texts with SHOW CREATE run side by side, and shown how many
// tables each asks for: a source may be far away.
const (
	readers = 6
	shown   = 16
)

// Numbers of errors that mean an object is gone, and that a view cannot be
// explained (what it names is missing, or its definer is).
const (
	noSuchTable = 1146
	noSuchDB    = 1049
	viewInvalid = 1356
)

// Depth is how much a reading asks for. With many tables each part of it takes
// seconds of the server's.
type Depth int

const (
	// Outline is names, texts, and from these the foreign keys: what another
	// reading is compared with.
	Outline Depth = iota
	// Columns is what rows are written by. Texts are read only where they alone
	// tell it: on MariaDB.
	Columns
	// Whole is everything, also the estimates of sizes.
	Whole
)

func (d Depth) texts(server *mysql.Server) bool {
	return d != Columns || server.Flavor == mysql.MariaDB
}

// Read reads everything selected. db is a pool of text sessions that take several
// statements (mysql.Several).
func Read(ctx context.Context, db *sql.DB, server *mysql.Server, sel *Selection) (*Model, error) {
	return ReadTo(ctx, Whole, db, server, sel)
}

// ReadTo reads a part of everything selected.
func ReadTo(ctx context.Context, depth Depth, db *sql.DB, server *mysql.Server, sel *Selection) (*Model, error) {
	m := &Model{Server: server}
	if err := m.readDatabases(ctx, db, sel); err != nil {
		return nil, fmt.Errorf("read the databases of %s: %w", server, err)
	}
	names := make([]string, len(m.Databases))
	for i, d := range m.Databases {
		names[i] = d.Name
	}
	if len(names) == 0 {
		return m, nil
	}
	where := "TABLE_SCHEMA IN (" + literals(names) + ")"
	if err := m.list(ctx, db, sel, where, depth); err != nil {
		return nil, fmt.Errorf("list the tables of %s: %w", server, err)
	}
	return m, m.read(ctx, depth, db, server, where)
}

// ReadTables reads a part of some of the selected tables; those that are not there
// are left out.
func ReadTables(ctx context.Context, depth Depth, db *sql.DB, server *mysql.Server, sel *Selection, ids []schema.ID) (*Model, error) {
	m := &Model{Server: server}
	if len(ids) == 0 {
		return m, nil
	}
	where := named(ids)
	if err := m.list(ctx, db, sel, where, depth); err != nil {
		return nil, fmt.Errorf("list tables of %s: %w", server, err)
	}
	m.Views = nil
	m.Tables = slices.DeleteFunc(m.Tables, func(t *Table) bool { return !slices.Contains(ids, t.ID()) })
	if len(m.Tables) == 0 {
		return m, nil
	}
	return m, m.read(ctx, depth, db, server, where)
}

// read reads what the tables of a list are. The texts come last: if they are those
// of an earlier reading, what was read between the two belongs to them.
func (m *Model) read(ctx context.Context, depth Depth, db *sql.DB, server *mysql.Server, where string) error {
	if depth != Outline {
		if err := describe(ctx, db, server, where, m.Tables); err != nil {
			return err
		}
	}
	if depth.texts(server) {
		if err := m.showAll(ctx, db); err != nil {
			return err
		}
	}
	return conclude(server, m.Tables)
}

// named bounds a query of information_schema. MariaDB opens every table that the
// query's constants do not rule out.
func named(ids []schema.ID) string {
	if len(ids) == 1 {
		return "TABLE_SCHEMA = " + mysql.String(ids[0].Schema) + " AND TABLE_NAME = " + mysql.String(ids[0].Name)
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = "(" + mysql.String(id.Schema) + "," + mysql.String(id.Name) + ")"
	}
	return "(TABLE_SCHEMA, TABLE_NAME) IN (" + join(names) + ")"
}

func (m *Model) readDatabases(ctx context.Context, q mysql.Querier, sel *Selection) error {
	rows, err := q.QueryContext(ctx, "SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var d Database
		if err := rows.Scan(&d.Name, &d.Charset, &d.Collation); err != nil {
			return err
		}
		if sel.Database(d.Name) != nil {
			m.Databases = append(m.Databases, d)
		}
	}
	slices.SortFunc(m.Databases, func(a, b Database) int { return strings.Compare(a.Name, b.Name) })
	return rows.Err()
}

// list finds the selected tables and views. where bounds the query; names are
// compared again here, since servers may compare them without case.
func (m *Model) list(ctx context.Context, q mysql.Querier, sel *Selection, where string, depth Depth) error {
	sizes := "0, 0"
	if depth == Whole {
		sizes = "COALESCE(TABLE_ROWS, 0), COALESCE(DATA_LENGTH, 0)"
	}
	rows, err := q.QueryContext(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, "+sizes+", COALESCE(TABLE_COLLATION, '') FROM information_schema.TABLES WHERE "+where)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id schema.ID
		var kind, collation string
		var engine sql.NullString
		var n, size uint64
		if err := rows.Scan(&id.Schema, &id.Name, &kind, &engine, &n, &size, &collation); err != nil {
			return err
		}
		if _, ok := sel.target(id); !ok {
			continue
		}
		switch kind {
		case "BASE TABLE", "SYSTEM VERSIONED":
			def := &schema.Table{Schema: id.Schema, Name: id.Name, Engine: engine.String, SystemVersioned: kind == "SYSTEM VERSIONED"}
			m.Tables = append(m.Tables, &Table{Definition: def, Collation: collation, Rows: n, Bytes: size})
		case "VIEW":
			if sel.Views(id.Schema) {
				m.Views = append(m.Views, &View{ID: id})
			}
		case "TEMPORARY", "SYSTEM VIEW":
		case "SEQUENCE":
			m.Others = append(m.Others, Finding{Object: id.String(), Reason: "sequences are not carried", Fatal: true,
				Remedy: "leave it out with except, and make it on the target before completion"})
		default:
			m.Others = append(m.Others, Finding{Object: id.String(), Reason: fmt.Sprintf("objects of type %q are not carried", kind), Fatal: true,
				Remedy: "leave it out with except"})
		}
	}
	slices.SortFunc(m.Tables, func(a, b *Table) int { return compareID(a.ID(), b.ID()) })
	slices.SortFunc(m.Views, func(a, b *View) int { return compareID(a.ID, b.ID) })
	return rows.Err()
}

func compareID(a, b schema.ID) int {
	if c := strings.Compare(a.Schema, b.Schema); c != 0 {
		return c
	}
	return strings.Compare(a.Name, b.Name)
}

// showAll reads the text of every table and view, several at a time. What was
// dropped since it was listed is taken out: the second reading sees it too.
func (m *Model) showAll(ctx context.Context, db *sql.DB) error {
	g, ctx := guard.WithContext(ctx)
	g.SetLimit(readers)
	var mu sync.Mutex // guards gone
	gone := map[schema.ID]bool{}
	note := func(id schema.ID, err error) error {
		if n := mysql.Number(err); n == noSuchTable || n == noSuchDB {
			mu.Lock()
			defer mu.Unlock()
			gone[id] = true
			return nil
		}
		return err
	}
	for tables := range slices.Chunk(m.Tables, shown) {
		g.Go(func() error {
			for len(tables) > 0 {
				n, err := showTables(ctx, db, tables)
				if err == nil {
					return nil
				}
				if err := note(tables[n].ID(), err); err != nil {
					return err
				}
				tables = tables[n+1:]
			}
			return nil
		})
	}
	for _, v := range m.Views {
		g.Go(func() error { return note(v.ID, v.show(ctx, db)) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	m.Tables = slices.DeleteFunc(m.Tables, func(t *Table) bool { return gone[t.ID()] })
	m.Views = slices.DeleteFunc(m.Views, func(v *View) bool { return gone[v.ID] })
	return nil
}

// showTables reads the texts of tables in one round trip, up to the first table that
// cannot be read; n is how many come before it.
func showTables(ctx context.Context, q mysql.Querier, tables []*Table) (n int, err error) {
	text := make([]string, len(tables))
	for i, t := range tables {
		text[i] = "SHOW CREATE TABLE " + quoteID(t.ID())
	}
	rows, err := q.QueryContext(ctx, strings.Join(text, ";"))
	if err != nil {
		return 0, unshown(tables[0], err)
	}
	defer rows.Close()
	for {
		var name string
		if !rows.Next() {
			return n, unshown(tables[n], cmp.Or(rows.Err(), sql.ErrNoRows))
		}
		if err := rows.Scan(&name, &tables[n].Create); err != nil {
			return n, unshown(tables[n], err)
		}
		if n++; n == len(tables) {
			return n, nil
		}
		if !rows.NextResultSet() {
			return n, unshown(tables[n], cmp.Or(rows.Err(), sql.ErrNoRows))
		}
	}
}

func unshown(t *Table, err error) error {
	return fmt.Errorf("read the definition of table %s: %w", t.ID(), err)
}

func (v *View) show(ctx context.Context, q mysql.Querier) error {
	var name string
	err := q.QueryRowContext(ctx, "SHOW CREATE VIEW "+quoteID(v.ID)).Scan(&name, &v.Create, &v.Charset, &v.Coll)
	if err != nil && mysql.Number(err) == viewInvalid {
		v.Broken = err
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the definition of view %s: %w", v.ID, err)
	}
	return nil
}

// ReadTable reads one table's definition and its SHOW CREATE TABLE. q may be a
// transaction that touched the table: then both are what its rows have. An
// error of number 1146 says that there is no such table.
func ReadTable(ctx context.Context, q mysql.Querier, server *mysql.Server, id schema.ID) (*Table, error) {
	t := &Table{Definition: &schema.Table{Schema: id.Schema, Name: id.Name}}
	if _, err := showTables(ctx, q, []*Table{t}); err != nil {
		return nil, err
	}
	where := "TABLE_SCHEMA = " + mysql.String(id.Schema) + " AND TABLE_NAME = " + mysql.String(id.Name)
	var rows, size sql.NullInt64
	var kind string
	var engine, collation sql.NullString
	err := q.QueryRowContext(ctx, "SELECT TABLE_TYPE, ENGINE, TABLE_ROWS, DATA_LENGTH, TABLE_COLLATION FROM information_schema.TABLES WHERE "+where+
		" ORDER BY TABLE_NAME = BINARY "+mysql.String(id.Name)+" DESC LIMIT 1").Scan(&kind, &engine, &rows, &size, &collation)
	if err != nil {
		return nil, fmt.Errorf("read what table %s is: %w", id, err)
	}
	t.Definition.Engine, t.Definition.SystemVersioned, t.Collation = engine.String, kind == "SYSTEM VERSIONED", collation.String
	t.Rows, t.Bytes = uint64(rows.Int64), uint64(size.Int64)
	if err := describe(ctx, q, server, where, []*Table{t}); err != nil {
		return nil, err
	}
	return t, conclude(server, []*Table{t})
}

// Exists reports whether a table or view is there.
func Exists(ctx context.Context, q mysql.Querier, id schema.ID) (bool, error) {
	rows, err := q.QueryContext(ctx, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = "+mysql.String(id.Schema)+" AND TABLE_NAME = "+mysql.String(id.Name))
	if err != nil {
		return false, fmt.Errorf("look for %s: %w", id, err)
	}
	defer rows.Close()
	found := false
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return false, err
		}
		found = found || name == id.Name
	}
	return found, rows.Err()
}
