package structure

import (
	"fmt"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// move is one pair of a RENAME TABLE.
type move struct{ from, to schema.ID }

// renameTables follows the tables of a RENAME from name to name: what counts is
// where each of them ends. A name outside of the selection that is only passed
// through gets a place on the target for that time.
func (pl *planner) renameTables() error {
	sel := pl.deps.Carrier.Selection
	var moves []move
	at := map[schema.ID]schema.ID{} // by present name, the name at the beginning
	var order []schema.ID
	for i := 0; i+1 < len(pl.st.Refs); i += 2 {
		from, to := pl.source(pl.st.Refs[i]), pl.source(pl.st.Refs[i+1])
		moves = append(moves, move{from, to})
		origin, seen := at[from]
		if !seen {
			origin = from
			order = append(order, from)
		}
		delete(at, from)
		at[to] = origin
	}
	end := map[schema.ID]schema.ID{}
	for now, origin := range at {
		end[origin] = now
	}
	carried := map[schema.ID]bool{} // origins that are moved on the target
	for _, origin := range order {
		to := end[origin]
		target, in := pl.here(origin)
		_, stays := sel.target(to)
		if origin != to {
			if err := pl.leaves(origin); err != nil {
				return err
			}
		}
		known, _ := pl.known(origin)
		var err error
		switch {
		case in && known == nil: // a view, or nothing at all
			carried[origin], err = pl.renameView(target, stays)
		case origin == to: // it only stepped aside
			carried[origin] = in && stays
		case in && pl.follows(origin) && !stays:
			pl.renameFollowed(origin, to)
		case in && pl.follows(origin):
			pl.drop(origin, target)
			err = pl.enter(to)
		case in && stays:
			carried[origin] = true
			pl.p.changes.Renamed = append(pl.p.changes.Renamed, [2]schema.ID{origin, to})
			pl.p.changes.Moved = append(pl.p.changes.Moved, origin, to)
			pl.p.readBack[to] = true
		case in:
			err = pl.departs(origin, to, target)
		default:
			err = pl.arrives(origin, to, stays)
		}
		if err != nil {
			return err
		}
	}
	pl.moveKeys(end)
	pl.carryKeys(end, pl.p.changes.Renamed...)
	return pl.addMoves(moves, carried)
}

// renameView reports whether the rename is carried of a name under which no table
// is known. There may be nothing of that name: IF EXISTS allows it, and a MariaDB
// logs that a temporary table is renamed.
func (pl *planner) renameView(target schema.ID, stays bool) (carried bool, err error) {
	there := true
	if pl.st.IfExists || pl.deps.Carrier.Source.Flavor == mysql.MariaDB {
		if there, err = Exists(pl.ctx, pl.conn, target); err != nil {
			return false, err
		}
	}
	if there && !stays {
		pl.add(step{sql: []string{"DROP VIEW IF EXISTS " + quoteID(target)}, objects: []schema.ID{target}, repeat: true})
	}
	return there && stays, nil
}

// arrives takes care of a table that is not here and gets another name.
func (pl *planner) arrives(from, to schema.ID, selected bool) error {
	if pl.entering[from] {
		pl.detachAll(from)
	}
	if selected {
		return pl.enter(to)
	}
	return pl.made(to, from)
}

// renameFollowed gives a parent that is followed another name; its shadow keeps
// its own.
func (pl *planner) renameFollowed(from, to schema.ID) {
	pl.p.changes.Renamed = append(pl.p.changes.Renamed, [2]schema.ID{from, to})
	pl.p.shadows[to], pl.p.readBack[to] = pl.parents[from].Shadow, true
}

// addMoves makes the steps: one for all on a target that renames all or none,
// else one per pair.
func (pl *planner) addMoves(moves []move, carried map[schema.ID]bool) error {
	at := map[schema.ID]schema.ID{}
	var pairs [][2]schema.ID
	for _, m := range moves {
		origin, seen := at[m.from]
		if !seen {
			origin = m.from
		}
		delete(at, m.from)
		at[m.to] = origin
		if carried[origin] {
			pairs = append(pairs, [2]schema.ID{pl.place(m.from), pl.place(m.to)})
		}
	}
	if len(pairs) == 0 {
		return nil
	}
	if pl.deps.Carrier.Target.Flavor == mysql.MySQL {
		s := step{after: moved}
		sql := "RENAME TABLE "
		for i, p := range pairs {
			if i > 0 {
				sql += ", "
			}
			sql += quoteID(p[0]) + " TO " + quoteID(p[1])
			s.objects = append(s.objects, p[0], p[1])
		}
		s.sql = []string{sql}
		s.after = func(before, now []ledger.Object) bool { return renamedAll(pairs, before, now) }
		pl.add(s)
		return nil
	}
	for _, p := range pairs {
		pl.add(step{sql: []string{"RENAME TABLE " + quoteID(p[0]) + " TO " + quoteID(p[1])}, objects: []schema.ID{p[0], p[1]}, after: moved})
	}
	return nil
}

// renamedAll follows the numbers through all pairs: every table must be under
// the name where it ends.
func renamedAll(pairs [][2]schema.ID, before, now []ledger.Object) bool {
	was, is := map[schema.ID]uint64{}, map[schema.ID]uint64{}
	for i := range before {
		id := schema.ID{Schema: before[i].Schema, Name: before[i].Name}
		if n, ok := number(before[i]); ok {
			was[id] = n
		}
		if n, ok := number(now[i]); ok {
			is[id] = n
		}
	}
	for _, p := range pairs {
		n, ok := was[p[0]]
		if !ok {
			return false // its number could not be read
		}
		delete(was, p[0])
		was[p[1]] = n
	}
	for id, n := range was {
		if is[id] != n {
			return false
		}
	}
	return len(was) == len(is)
}

// place is a name's place on the target; one outside of the selection that is
// only passed through gets a name that no table has.
func (pl *planner) place(id schema.ID) schema.ID {
	sel := pl.deps.Carrier.Selection
	if target, ok := sel.target(id); ok {
		return target
	}
	s, ok := sel.Schema(id.Schema)
	if !ok {
		s = ""
		for _, ref := range pl.st.Refs {
			if _, target, in := pl.match(ref); in {
				s = target.Schema
				break
			}
		}
	}
	return schema.ID{Schema: s, Name: clip("_tidegate_moving_" + id.Name)}
}

func (pl *planner) database() error {
	name := pl.st.Database.Name
	if name == "" {
		name = pl.ev.Schema
	}
	target, ok := pl.deps.Carrier.Selection.Schema(name)
	if !ok {
		return nil
	}
	charset, collation := pl.databaseText()
	r := pl.rewrite(schema.ID{Schema: name}, schema.ID{Schema: target})
	if collation == "" && charset == "" && pl.st.Verb == sqltext.CreateDatabase {
		collation = pl.ev.CollationServer
	}
	options := ""
	if charset != "" {
		mapped, ok := pl.deps.Carrier.Facts.Charset(charset)
		if !ok {
			return pl.refuse("the target has no character set "+charset, "convert the database on the source, and make the change on the target by hand")
		}
		options = " CHARACTER SET " + mapped
		if collation == "" {
			if collation = sourceDefault(r.Source, charset); charset == "utf8mb4" && pl.ev.DefaultUTF8MB4 != "" {
				collation = pl.ev.DefaultUTF8MB4
			}
			if _, ok := pl.deps.Carrier.Facts.Collation(collation); !ok || charset != "utf8mb4" {
				collation = ""
			}
		}
	}
	if collation != "" {
		mapped, ok := pl.deps.Carrier.Facts.Collation(collation)
		if !ok {
			return pl.refuse("the target has nothing like collation "+collation, "convert the database on the source, and make the change on the target by hand")
		}
		options += " COLLATE " + mapped
	}
	object := []schema.ID{{Schema: target}}
	switch {
	case pl.st.Verb == sqltext.AlterDatabase && options == "":
		pl.note(name, "nothing of it is carried: %.500s", pl.ev.SQL)
	case pl.st.Verb == sqltext.AlterDatabase:
		pl.add(step{sql: []string{"ALTER DATABASE " + mysql.Ident(target) + options}, objects: object, repeat: true})
	default:
		if pl.st.OrReplace {
			if err := pl.dropDatabase(); err != nil {
				return err
			}
		}
		pl.add(step{sql: []string{"CREATE DATABASE IF NOT EXISTS " + mysql.Ident(target) + options}, objects: object, repeat: true})
	}
	return nil
}

// databaseText finds charset and collation among a database's options.
func (pl *planner) databaseText() (charset, collation string) {
	c := &sqltext.Cursor{T: pl.st.Tokens, At: pl.st.Rest}
	for !c.Done() {
		switch c.AcceptAny("CHARACTER SET", "CHARSET", "COLLATE") {
		case "CHARACTER SET", "CHARSET":
			c.Accept("=")
			charset = c.Peek(0).Text
		case "COLLATE":
			c.Accept("=")
			collation = c.Peek(0).Text
		}
		c.At++
	}
	return charset, collation
}

// dropDatabase drops what of the source's database is on the target, and the
// database if nothing else is in it: other sources may have the same target.
func (pl *planner) dropDatabase() error {
	sel := pl.deps.Carrier.Selection
	name := sel.canonical(schema.ID{Schema: pl.st.Database.Name}).Schema
	target, ok := sel.Schema(name)
	if !ok {
		return nil
	}
	rows, err := pl.conn.QueryContext(pl.ctx, "SELECT TABLE_NAME, TABLE_TYPE = 'VIEW' FROM information_schema.TABLES WHERE TABLE_SCHEMA = "+mysql.String(target))
	if err != nil {
		return fmt.Errorf("list the target's tables of %s: %w", target, err)
	}
	defer rows.Close()
	s := step{objects: []schema.ID{{Schema: target}}, repeat: true, anyFK: true}
	rest := 0
	for rows.Next() {
		var table string
		var isView bool
		if err := rows.Scan(&table, &isView); err != nil {
			return err
		}
		source, ok := pl.sourceOf(schema.ID{Schema: target, Name: table}, schema.ID{Schema: name})
		switch {
		case !ok || source.Schema != name:
			rest++
		case isView:
			s.sql = append(s.sql, "DROP VIEW IF EXISTS "+mysql.Table(target, table))
		default:
			s.sql = append(s.sql, "DROP TABLE IF EXISTS "+mysql.Table(target, table))
			pl.p.changes.Dropped = append(pl.p.changes.Dropped, source)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for id := range pl.entering {
		if id.Schema == name {
			if err := pl.leaves(id); err != nil {
				return err
			}
		}
	}
	if rest == 0 && sel.Whole(name) {
		s.sql = append(s.sql, "DROP DATABASE IF EXISTS "+mysql.Ident(target))
	}
	if len(s.sql) > 0 {
		pl.add(s)
	}
	return nil
}
