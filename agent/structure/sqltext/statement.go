package sqltext

import "strings"

// Verb is what a statement does.
type Verb string

// The verbs that are told apart.
const (
	CreateTable    Verb = "create table"
	AlterTable     Verb = "alter table"
	DropTable      Verb = "drop table"
	TruncateTable  Verb = "truncate table"
	RenameTable    Verb = "rename table"
	CreateIndex    Verb = "create index"
	DropIndex      Verb = "drop index"
	CreateDatabase Verb = "create database"
	AlterDatabase  Verb = "alter database"
	DropDatabase   Verb = "drop database"
	CreateView     Verb = "create view"
	AlterView      Verb = "alter view"
	DropView       Verb = "drop view"
	Sequence       Verb = "sequence"       // CREATE, ALTER, DROP SEQUENCE
	Maintenance    Verb = "maintenance"    // OPTIMIZE, ANALYZE, REPAIR TABLE
	Program        Verb = "stored program" // routines, triggers, events, packages
	Account        Verb = "account"        // users, roles, grants
	Administration Verb = "administration" // FLUSH, SET, servers, tablespaces, ...
	Rows           Verb = "rows"           // INSERT, UPDATE, ... as text
	Nothing        Verb = "nothing"        // only blanks and comments
	Unknown        Verb = "unknown"
)

// Role is what part a table plays in a statement.
type Role uint8

// The roles.
const (
	Subject Role = iota + 1 // what is created, altered, dropped, renamed
	To                      // its new name
	Like                    // CREATE TABLE … LIKE
	Parent                  // REFERENCES
	With                    // EXCHANGE PARTITION … WITH TABLE
)

// Ref is a table's name in a statement.
type Ref struct {
	Name
	Role Role
}

// Statement is a statement with its verb and the names of tables found.
type Statement struct {
	*Text
	Verb Verb
	What string // the leading words, to show

	Temporary   bool
	IfExists    bool
	IfNotExists bool
	OrReplace   bool

	Refs     []Ref    // in the order written; not those in a view's body
	Database Name     // of the database statements
	Index    Name     // of CREATE INDEX and DROP INDEX
	Begin    int      // first token after a MariaDB "SET STATEMENT … FOR"
	Rest     int      // first token after the subject's name
	Clauses  []Clause // of ALTER TABLE
}

// Parse reads a statement. What it cannot place has the verb Unknown; an error
// means that the text cannot even be cut into tokens.
func Parse(sql string, mode Mode) (*Statement, error) {
	t, err := Lex(sql, mode)
	if err != nil {
		return nil, err
	}
	s := &Statement{Text: t, Verb: Unknown}
	c := &Cursor{T: t.Tokens}
	if c.Accept("SET STATEMENT") {
		for !c.Done() && !c.Accept("FOR") {
			if !c.SkipParens() { // a query in them may have a FOR of its own
				c.At++
			}
		}
		s.Begin = c.At
	}
	s.What = what(c)
	s.parse(c)
	return s, nil
}

func what(c *Cursor) string {
	var words []string
	for i := range 3 {
		if t := c.Peek(i); t.Kind == Word {
			words = append(words, strings.ToUpper(t.Text))
		} else {
			break
		}
	}
	return strings.Join(words, " ")
}

var otherVerbs = map[string]Verb{
	"GRANT": Account, "REVOKE": Account,
	"FLUSH": Administration, "SET": Administration, "RESET": Administration, "INSTALL": Administration, "UNINSTALL": Administration,
	"LOCK": Administration, "UNLOCK": Administration, "KILL": Administration, "CHANGE": Administration, "PURGE": Administration,
	"CACHE": Administration, "BEGIN": Administration, "COMMIT": Administration, "ROLLBACK": Administration, "SAVEPOINT": Administration,
	"RELEASE": Administration, "XA": Administration, "START": Administration, "STOP": Administration, "USE": Administration,
	"RESTART": Administration, "SHUTDOWN": Administration, "CHECK": Administration, "CHECKSUM": Administration, "IMPORT": Unknown,
	"INSERT": Rows, "UPDATE": Rows, "DELETE": Rows, "REPLACE": Rows, "LOAD": Rows, "WITH": Rows, "DO": Rows, "CALL": Rows,
	"SELECT": Rows, "VALUES": Rows, "TABLE": Rows, "HANDLER": Rows, "EXECUTE": Rows,
}

func (s *Statement) parse(c *Cursor) {
	if c.Done() {
		s.Verb = Nothing
		return
	}
	switch c.AcceptAny("CREATE", "ALTER", "DROP", "TRUNCATE", "RENAME", "OPTIMIZE", "ANALYZE", "REPAIR") {
	case "CREATE":
		s.create(c)
	case "ALTER":
		s.alter(c)
	case "DROP":
		s.drop(c)
	case "TRUNCATE":
		c.Accept("TABLE")
		s.subjects(c, TruncateTable)
	case "RENAME":
		s.rename(c)
	case "OPTIMIZE", "ANALYZE", "REPAIR":
		c.AcceptAny("NO_WRITE_TO_BINLOG", "LOCAL")
		if c.AcceptAny("TABLE", "TABLES", "VIEW") != "" { // MariaDB repairs views
			s.subjects(c, Maintenance)
		}
	default:
		if v, ok := otherVerbs[strings.ToUpper(c.Peek(0).Text)]; ok && c.Peek(0).Kind == Word {
			s.Verb = v
		}
	}
}

// objects that are not tables, views or databases, by their first word.
var objectVerbs = map[string]Verb{
	"USER": Account, "ROLE": Account,
	"FUNCTION": Program, "PROCEDURE": Program, "TRIGGER": Program, "EVENT": Program, "PACKAGE": Program, "LIBRARY": Program, "AGGREGATE": Program,
	"SERVER": Administration, "TABLESPACE": Administration, "UNDO": Administration, "LOGFILE": Administration, "RESOURCE": Administration,
	"INSTANCE": Administration, "PREPARE": Administration, "CATALOG": Administration,
}

// prefix steps over what may stand between CREATE or ALTER and the kind of
// object.
func (s *Statement) prefix(c *Cursor) {
	for !c.Done() {
		switch {
		case c.Accept("OR REPLACE"):
			s.OrReplace = true
		case c.Accept("TEMPORARY"):
			s.Temporary = true
		case c.Accept("SQL SECURITY"):
			c.At++
		case c.Accept("ALGORITHM"):
			c.Accept("=")
			c.At++
		case c.Accept("DEFINER"):
			c.Accept("=")
			skipAccount(c)
		case c.AcceptAny("UNIQUE", "FULLTEXT", "VECTOR", "ONLINE", "OFFLINE", "IGNORE") != "":
		case c.Peek(0).Is("SPATIAL") && !c.Peek(1).Is("REFERENCE"):
			c.At++
		default:
			return
		}
	}
}

// skipAccount steps over user[@host], in any quoting, or CURRENT_USER[()].
func skipAccount(c *Cursor) {
	c.At++
	if c.Peek(0).Kind == Var {
		bare := c.Peek(0).Text == "@"
		c.At++
		if bare {
			c.At++
		}
		return
	}
	c.SkipParens()
}

func (s *Statement) other(c *Cursor) {
	t := c.Peek(0)
	switch v, ok := objectVerbs[strings.ToUpper(t.Text)]; {
	case ok && t.Kind == Word:
		s.Verb = v
	case t.Is("SPATIAL"):
		s.Verb = Administration
	}
}

func (s *Statement) create(c *Cursor) {
	s.prefix(c)
	switch c.AcceptAny("TABLE", "INDEX", "VIEW", "DATABASE", "SCHEMA", "SEQUENCE") {
	case "TABLE":
		s.createTable(c)
	case "INDEX":
		s.IfNotExists = c.Accept("IF NOT EXISTS")
		s.index(c, CreateIndex)
	case "VIEW":
		s.IfNotExists = c.Accept("IF NOT EXISTS")
		s.subject(c, CreateView)
	case "DATABASE", "SCHEMA":
		s.IfNotExists = c.Accept("IF NOT EXISTS")
		s.database(c, CreateDatabase)
	case "SEQUENCE":
		s.IfNotExists = c.Accept("IF NOT EXISTS")
		s.subject(c, Sequence)
	default:
		s.other(c)
	}
}

func (s *Statement) createTable(c *Cursor) {
	s.IfNotExists = c.Accept("IF NOT EXISTS")
	if !s.subject(c, CreateTable) {
		return
	}
	like := c.Accept("LIKE") || c.Accept("( LIKE")
	if like {
		s.ref(c, Like)
		return
	}
	s.parents(c)
}

// parents finds the tables named after REFERENCES.
func (s *Statement) parents(c *Cursor) {
	for ; !c.Done(); c.At++ {
		if c.Peek(0).Is("REFERENCES") && c.Peek(1).Name() {
			c.At++
			s.ref(c, Parent)
			c.At--
		}
	}
}

func (s *Statement) ref(c *Cursor, role Role) bool {
	n, ok := c.Name()
	if ok {
		s.Refs = append(s.Refs, Ref{n, role})
	}
	return ok
}

// subject reads the one name the statement is about.
func (s *Statement) subject(c *Cursor, v Verb) bool {
	if !s.ref(c, Subject) {
		return false
	}
	s.Verb, s.Rest = v, c.At
	return true
}

// subjects reads a list of names.
func (s *Statement) subjects(c *Cursor, v Verb) {
	for s.ref(c, Subject) {
		s.Verb, s.Rest = v, c.At
		if !c.Accept(",") {
			return
		}
	}
	s.Verb = Unknown
}

// index reads "name … ON table".
func (s *Statement) index(c *Cursor, v Verb) {
	var ok bool
	if !c.Peek(0).Is("ON") {
		if s.Index, ok = c.Name(); !ok {
			return
		}
	}
	for !c.Done() && !c.Peek(0).Is("ON") {
		c.At++ // USING BTREE
	}
	if c.Accept("ON") {
		s.subject(c, v)
	}
}

func (s *Statement) database(c *Cursor, v Verb) {
	s.Verb = v
	t := c.Peek(0)
	if v == AlterDatabase && (t.Kind == 0 || t.Kind == Word && databaseOption[strings.ToUpper(t.Text)] && !c.Peek(1).Is("CHARACTER")) {
		s.Rest = c.At // the default database is meant
		return
	}
	n, ok := c.Name()
	if !ok {
		s.Verb = Unknown
		return
	}
	s.Database, s.Rest = n, c.At
}

var databaseOption = map[string]bool{"DEFAULT": true, "CHARACTER": true, "CHARSET": true, "COLLATE": true, "ENCRYPTION": true, "READ": true, "COMMENT": true}

func (s *Statement) alter(c *Cursor) {
	s.prefix(c)
	switch c.AcceptAny("TABLE", "VIEW", "DATABASE", "SCHEMA", "SEQUENCE") {
	case "TABLE":
		s.IfExists = c.Accept("IF EXISTS")
		if !s.subject(c, AlterTable) {
			return
		}
		s.wait(c)
		s.Rest = c.At
		s.alterClauses(c)
	case "VIEW":
		s.IfExists = c.Accept("IF EXISTS")
		s.subject(c, AlterView)
	case "DATABASE", "SCHEMA":
		s.database(c, AlterDatabase)
	case "SEQUENCE":
		s.IfExists = c.Accept("IF EXISTS")
		s.subject(c, Sequence)
	default:
		s.other(c)
	}
}

// wait steps over MariaDB's WAIT n and NOWAIT.
func (s *Statement) wait(c *Cursor) {
	if c.Accept("WAIT") {
		c.At++
		return
	}
	c.Accept("NOWAIT")
}

func (s *Statement) drop(c *Cursor) {
	s.Temporary = c.Accept("TEMPORARY")
	verb := c.AcceptAny("TABLE", "TABLES", "VIEW", "INDEX", "DATABASE", "SCHEMA", "SEQUENCE")
	if verb == "" {
		s.prefix(c)
		s.other(c)
		return
	}
	s.IfExists = c.Accept("IF EXISTS")
	switch verb {
	case "TABLE", "TABLES":
		s.subjects(c, DropTable)
	case "VIEW":
		s.subjects(c, DropView)
	case "SEQUENCE":
		s.subjects(c, Sequence)
	case "INDEX":
		s.index(c, DropIndex)
	default:
		s.database(c, DropDatabase)
	}
}

func (s *Statement) rename(c *Cursor) {
	if c.AcceptAny("TABLE", "TABLES") == "" {
		s.other(c)
		return
	}
	s.IfExists = c.Accept("IF EXISTS")
	for {
		if !s.ref(c, Subject) {
			return
		}
		s.wait(c)
		if !c.Accept("TO") || !s.ref(c, To) {
			return
		}
		if !c.Accept(",") {
			break
		}
	}
	if c.Done() || c.Accept(";") {
		s.Verb, s.Rest = RenameTable, c.At
	}
}
