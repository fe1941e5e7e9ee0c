package structure

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// Creator makes a model's objects on the target. It may be called again after a
// crash, with a newer reading of the source: no row has been copied yet, so what
// is empty is made anew.
type Creator struct {
	*Carrier
	OnExists string // spec.Objects.OnExists
	Definer  string // spec.Objects.Definer
	Run      string // names the shadows of parents

	// Begin is told which tables are made, before the first is; nil: nobody asks.
	Begin func(ctx context.Context, sources []schema.ID) error

	// Begun reports whether an earlier call was to make a table, so that the one
	// on the target is of that; nil: of none it is known.
	Begun func(source schema.ID) bool

	// Spread runs f on the session that Create is given and on up to n others
	// that may make objects too. Nil: there are no others.
	Spread func(ctx context.Context, n int, f func(context.Context, *sql.Conn) error) error
}

// Keeps reports whether tables that are on the target stay.
func (c *Creator) Keeps() bool { return c.OnExists == "keep" || c.OnExists == "empty" }

// Made is what a call of Create made or found made.
type Made struct {
	Tables   []*Carried
	Parents  []*Carried // the shadows of the model's parents
	Findings []Finding  // what a person should know; nothing that stops the run
}

// Create makes databases, tables and views. conn holds the run's lock.
func (c *Creator) Create(ctx context.Context, conn *sql.Conn, m *Model) (*Made, error) {
	made := &Made{}
	var err error
	if made.Tables, err = c.Tables(m); err != nil {
		return nil, err
	}
	for _, t := range made.Tables {
		if err := Refuse(t.Findings); err != nil {
			return nil, err
		}
		made.Findings = append(made.Findings, t.Findings...)
	}
	err = with(ctx, conn, definitionSettings(c.Target), func() error {
		if err := c.databases(ctx, conn, m, made); err != nil {
			return err
		}
		if err := c.tables(ctx, conn, m, made.Tables); err != nil {
			return err
		}
		if err := c.shadows(ctx, conn, m, made); err != nil {
			return err
		}
		return c.views(ctx, conn, m, made)
	})
	made.Findings = fold(made.Findings)
	return made, err
}

// Refuse turns findings that stop a run into one error.
func Refuse(findings []Finding) error {
	var all []string
	remedy := ""
	for _, f := range findings {
		if f.Fatal {
			all = append(all, f.String())
			remedy = f.Remedy
		}
	}
	if len(all) == 0 {
		return nil
	}
	return &mysql.Error{Class: mysql.Config, Code: "unsupported", Err: errors.New(strings.Join(all, "; ")), Remedy: remedy}
}

func (c *Creator) databases(ctx context.Context, conn *sql.Conn, m *Model, made *Made) error {
	for _, d := range m.Databases {
		query, target, finding := c.Database(d)
		if finding != nil {
			if err := Refuse([]Finding{*finding}); err != nil {
				return err
			}
			made.Findings = append(made.Findings, *finding)
		}
		if _, err := conn.ExecContext(ctx, query); err != nil {
			return fmt.Errorf("create database %s on the target: %w", target, err)
		}
	}
	return nil
}

// tables makes what is missing, and anew what an earlier owner of the run made.
func (c *Creator) tables(ctx context.Context, conn *sql.Conn, m *Model, carried []*Carried) error {
	there, err := c.existing(ctx, conn, carried)
	if err != nil {
		return err
	}
	var todo, last []*Carried
	var drop, begin []schema.ID
	for i, t := range carried {
		if _, ok := there[t.Target]; ok {
			if c.Keeps() && (c.Begun == nil || !c.Begun(t.Source)) {
				continue
			}
			drop = append(drop, t.Target)
		}
		begin = append(begin, t.Source)
		if len(m.Tables[i].Definition.ForeignKeys) > 0 {
			last = append(last, t)
		} else {
			todo = append(todo, t)
		}
	}
	if c.Begin != nil {
		if err := c.Begin(ctx, begin); err != nil {
			return err
		}
	}
	for _, id := range drop { // before any is made: an old child may not suit a new parent
		if err := c.dropEmpty(ctx, conn, id); err != nil {
			return err
		}
	}
	create := func(ctx context.Context, conn *sql.Conn, t *Carried) error {
		if _, err := conn.ExecContext(ctx, t.SQL); err != nil {
			return createError(t, err)
		}
		return nil
	}
	if err := c.createMany(ctx, conn, todo, create); err != nil {
		return err
	}
	for _, t := range last { // these lock their parents
		if err := create(ctx, conn, t); err != nil {
			return err
		}
	}
	if len(begin) > 0 {
		if there, err = c.existing(ctx, conn, carried); err != nil {
			return err
		}
	}
	return checkEngines(there, carried)
}

// fewTables are not worth more sessions.
const fewTables = 16

// createMany makes tables in any order, several at a time: most of the time of a
// CREATE TABLE a server waits for its disk.
func (c *Creator) createMany(ctx context.Context, conn *sql.Conn, todo []*Carried, create func(context.Context, *sql.Conn, *Carried) error) error {
	var next atomic.Int64
	work := func(ctx context.Context, conn *sql.Conn) error {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(todo) {
				return nil
			}
			if err := create(ctx, conn, todo[i]); err != nil {
				return err
			}
		}
	}
	if c.Spread == nil || len(todo) < fewTables {
		return work(ctx, conn)
	}
	return c.Spread(ctx, len(todo)/fewTables, func(ctx context.Context, other *sql.Conn) error {
		if other == conn { // it has its settings
			return work(ctx, conn)
		}
		return with(ctx, other, definitionSettings(c.Target), func() error { return work(ctx, other) })
	})
}

func createError(t *Carried, err error) error {
	err = fmt.Errorf("create table %s on the target: %w\n%s", t.Target, err, t.SQL)
	if mysql.Classify(err) == mysql.Transient {
		return err
	}
	return &mysql.Error{Class: mysql.Config, Code: "create_table", Err: err,
		Remedy: "the target does not take this definition: change the table on the source, or leave it out with except, and retry"}
}

// existing returns the engines of tables that are on the target.
func (c *Creator) existing(ctx context.Context, q mysql.Querier, carried []*Carried) (map[schema.ID]string, error) {
	schemas := map[string]bool{}
	var names []string
	for _, t := range carried {
		if !schemas[t.Target.Schema] {
			schemas[t.Target.Schema] = true
			names = append(names, t.Target.Schema)
		}
	}
	out := map[schema.ID]string{}
	if len(names) == 0 {
		return out, nil
	}
	rows, err := q.QueryContext(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME, COALESCE(ENGINE, '') FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ("+literals(names)+")")
	if err != nil {
		return nil, fmt.Errorf("list the target's tables: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id schema.ID
		var engine string
		if err := rows.Scan(&id.Schema, &id.Name, &engine); err != nil {
			return nil, err
		}
		out[id] = engine
	}
	return out, rows.Err()
}

// dropEmpty drops a table that an earlier attempt made. One that holds rows is
// not ours to drop.
func (c *Creator) dropEmpty(ctx context.Context, conn *sql.Conn, id schema.ID) error {
	empty, err := isEmpty(ctx, conn, id)
	if err != nil {
		return err
	}
	if !empty {
		return &mysql.Error{Class: mysql.Config, Code: "target_exists", Err: fmt.Errorf("table %s is on the target and holds rows", id),
			Remedy: "move it away or drop it, or set objects { on_exists = \"keep\" } if its rows belong there"}
	}
	if _, err := conn.ExecContext(ctx, "DROP TABLE IF EXISTS "+quoteID(id)); err != nil {
		return fmt.Errorf("drop the empty table %s on the target: %w", id, err)
	}
	return nil
}

// isEmpty reports whether a table of the target has no row.
func isEmpty(ctx context.Context, conn *sql.Conn, id schema.ID) (bool, error) {
	var one int
	err := conn.QueryRowContext(ctx, "SELECT 1 FROM "+quoteID(id)+" LIMIT 1").Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		err = fmt.Errorf("look for rows in %s on the target: %w", id, err)
	}
	return false, err
}

// DropLeft drops what an earlier owner of the run made, under names that are not
// in the model any more, and never filled.
func (c *Creator) DropLeft(ctx context.Context, conn *sql.Conn, m *Model, made []schema.ID) error {
	is := map[schema.ID]bool{}
	for _, id := range c.Targets(m) {
		is[id] = true
	}
	for _, id := range made {
		if is[id] {
			continue
		}
		var kind string
		err := conn.QueryRowContext(ctx, "SELECT TABLE_TYPE FROM information_schema.TABLES WHERE "+named([]schema.ID{id})).Scan(&kind)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			continue
		case err != nil:
			return fmt.Errorf("look for %s on the target: %w", id, err)
		case kind == "VIEW":
			_, err = conn.ExecContext(ctx, "DROP VIEW IF EXISTS "+quoteID(id))
		default:
			err = c.dropEmpty(ctx, conn, id)
		}
		if err != nil {
			return fmt.Errorf("drop %s, which the source has no more: %w", id, err)
		}
	}
	return nil
}

// Targets are the names on the target of what Create makes of a model.
func (c *Creator) Targets(m *Model) []schema.ID {
	var out []schema.ID
	for _, t := range m.Tables {
		if target, ok := c.Selection.target(t.ID()); ok {
			out = append(out, target)
		}
	}
	for _, v := range m.Views {
		if target, ok := c.Selection.target(v.ID); ok {
			out = append(out, target)
		}
	}
	return out
}

// checkEngines looks at the engines that were read back: enforce_storage_engine
// replaces them without an error.
func checkEngines(there map[schema.ID]string, carried []*Carried) error {
	for _, t := range carried {
		switch engine, ok := there[t.Target]; {
		case !ok:
			return fmt.Errorf("table %s was made on the target and cannot be seen there", t.Target)
		case !strings.EqualFold(engine, "InnoDB"):
			return &mysql.Error{Class: mysql.Config, Code: "engine", Err: fmt.Errorf("table %s is %s on the target, not InnoDB", t.Target, engine),
				Remedy: "set enforce_storage_engine to InnoDB or NULL on the target, or convert the table"}
		}
	}
	return nil
}

// Drop removes a table of a run on the target, rows and all. conn holds the
// run's lock.
func Drop(ctx context.Context, conn *sql.Conn, id schema.ID) error {
	if id.Schema == ledger.Schema {
		return fmt.Errorf("drop %s: the run's own tables stay", id)
	}
	if _, err := conn.ExecContext(ctx, "DROP TABLE IF EXISTS "+quoteID(id)); err != nil {
		return fmt.Errorf("drop table %s on the target: %w", id, err)
	}
	return nil
}
