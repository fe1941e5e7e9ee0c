package sqltext

// Act is what one clause of an ALTER TABLE does.
type Act uint8

// The acts that are told apart; everything else is Other.
const (
	Other Act = iota
	AddColumn
	ChangeColumn // CHANGE, MODIFY, RENAME COLUMN
	DropColumn
	AddKey
	DropKey
	RenameKey
	AlterKey // visibility
	Rename
	Exchange
	Convert    // a partition to a table, or a table to a partition
	Tablespace // IMPORT, DISCARD
)

// Clause is one clause of an ALTER TABLE.
type Clause struct {
	Act    Act
	Name   string // the column's or key's name ("" if the clause gives a key none)
	New    string // its new name, for ChangeColumn and RenameKey
	Tokens []Token
}

func (s *Statement) alterClauses(c *Cursor) {
	for _, tokens := range Split(c.T[c.At:]) {
		cl := Clause{Tokens: tokens}
		cl.read(s, &Cursor{T: tokens})
		s.Clauses = append(s.Clauses, cl)
		s.parents(&Cursor{T: tokens})
	}
}

func (cl *Clause) read(s *Statement, c *Cursor) {
	switch c.AcceptAny("ADD", "DROP", "CHANGE", "MODIFY", "RENAME", "ALTER", "EXCHANGE", "CONVERT", "IMPORT", "DISCARD") {
	case "ADD":
		cl.add(c)
	case "DROP":
		cl.drop(c)
	case "CHANGE":
		c.Accept("COLUMN")
		c.Accept("IF EXISTS")
		cl.Act, cl.Name = ChangeColumn, take(c)
		cl.New = take(c)
	case "MODIFY":
		c.Accept("COLUMN")
		c.Accept("IF EXISTS")
		cl.Act, cl.Name = ChangeColumn, take(c)
		cl.New = cl.Name
	case "RENAME":
		cl.rename(s, c)
	case "ALTER":
		if c.AcceptAny("INDEX", "KEY") != "" {
			c.Accept("IF EXISTS")
			cl.Act, cl.Name = AlterKey, take(c)
		}
	case "EXCHANGE":
		cl.Act = Exchange
		for !c.Done() && !c.Accept("WITH TABLE") {
			c.At++
		}
		s.ref(c, With)
	case "CONVERT":
		cl.convert(s, c)
	case "IMPORT", "DISCARD":
		for ; !c.Done(); c.At++ {
			if c.Peek(0).Is("TABLESPACE") {
				cl.Act = Tablespace
			}
		}
	}
}

func (cl *Clause) convert(s *Statement, c *Cursor) {
	if c.Accept("PARTITION") {
		take(c)
		c.Accept("TO")
	}
	if c.Accept("TABLE") {
		cl.Act = Convert
		s.ref(c, With)
	}
}

func take(c *Cursor) string {
	n, _ := c.Name()
	return n.Name
}

func (cl *Clause) add(c *Cursor) {
	switch {
	case c.AcceptAny("PARTITION", "CONSTRAINT", "FOREIGN", "CHECK", "PERIOD", "SYSTEM") != "":
	case c.Accept("PRIMARY KEY"):
		cl.Act = AddKey
	case keyword(c):
		c.Accept("IF NOT EXISTS")
		cl.Act = AddKey
		if !c.Peek(0).Is("(") && !c.Peek(0).Is("USING") {
			cl.Name = take(c)
		}
	default:
		c.Accept("COLUMN")
		c.Accept("IF NOT EXISTS")
		cl.Act, cl.Name = AddColumn, take(c)
	}
}

// keyword steps over the words that begin an index: [UNIQUE|FULLTEXT|SPATIAL|
// VECTOR] [INDEX|KEY].
func keyword(c *Cursor) bool {
	kind := c.AcceptAny("UNIQUE", "FULLTEXT", "SPATIAL") != ""
	if !kind && c.Peek(0).Is("VECTOR") && (c.Peek(1).Is("INDEX") || c.Peek(1).Is("KEY")) {
		c.At++
	}
	return c.AcceptAny("INDEX", "KEY") != "" || kind
}

func (cl *Clause) drop(c *Cursor) {
	switch {
	case c.AcceptAny("INDEX", "KEY") != "":
		c.Accept("IF EXISTS")
		cl.Act, cl.Name = DropKey, take(c)
	case c.Accept("PRIMARY KEY"):
		cl.Act, cl.Name = DropKey, "PRIMARY"
	case c.AcceptAny("PARTITION", "CONSTRAINT", "FOREIGN", "CHECK", "PERIOD", "SYSTEM") != "":
	default:
		c.Accept("COLUMN")
		c.Accept("IF EXISTS")
		cl.Act, cl.Name = DropColumn, take(c)
	}
}

func (cl *Clause) rename(s *Statement, c *Cursor) {
	switch {
	case c.AcceptAny("INDEX", "KEY") != "":
		c.Accept("IF EXISTS")
		cl.Act, cl.Name = RenameKey, take(c)
		c.Accept("TO")
		cl.New = take(c)
	case c.Accept("COLUMN"):
		c.Accept("IF EXISTS")
		cl.Act, cl.Name = ChangeColumn, take(c)
		c.Accept("TO")
		cl.New = take(c)
	default:
		c.AcceptAny("TO", "AS", "=")
		cl.Act = Rename
		s.ref(c, To)
	}
}

// Has reports whether the keywords stand next to each other in the clause.
func Has(t []Token, words string) bool {
	c := &Cursor{T: t}
	for ; !c.Done(); c.At++ {
		if at := c.At; c.Accept(words) {
			return true
		} else {
			c.At = at
		}
	}
	return false
}
