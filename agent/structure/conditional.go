package structure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// IF EXISTS and IF NOT EXISTS of columns and indexes, which only MariaDB has. What
// they come to is decided by the definition that the source's table had before the
// statement: MySQL does not read them, and on any target an index may still have
// to be built that the source has.

// conditional takes such words out of a clause; gone says that the clause did
// nothing on the source.
func (a *alter) conditional(cl sqltext.Clause) (gone bool, err error) {
	at, wanted := condition(cl.Tokens)
	if at < 0 {
		return false, nil
	}
	end := at + 2
	if !wanted {
		end++
	}
	if end >= len(cl.Tokens) {
		return false, nil
	}
	there, decided := a.there(cl, cl.Tokens[end:])
	switch {
	case !decided && a.r.Target.Flavor == mysql.MariaDB:
		return false, nil
	case !decided:
		return false, a.pl.refuse(fmt.Sprintf("MySQL does not read the condition in %q, and from here it is not known how it ended on the source",
			a.pl.st.SQL[cl.Tokens[0].Start:cl.Tokens[len(cl.Tokens)-1].End]), unreadable)
	case cl.Act == sqltext.AddColumn && cl.Tokens[end].Is("("):
		return a.missing(cl.Tokens[end:])
	case there != wanted:
		return true, nil
	}
	a.r.e.Replace(cl.Tokens[at].Start, cl.Tokens[end-1].End, "")
	return false, nil
}

// condition finds the words before the name in a clause, -1 if they are not
// there; wanted is what they ask for.
func condition(t []sqltext.Token) (at int, wanted bool) {
	for i := 1; i+1 < len(t) && !t[i].Is("("); i++ {
		switch {
		case t[i].Is("IF") && t[i+1].Is("EXISTS"):
			return i, true
		case t[i].Is("IF") && t[i+1].Is("NOT") && i+2 < len(t) && t[i+2].Is("EXISTS"):
			return i, false
		}
	}
	return -1, false
}

// there looks for what a clause is about; rest begins with its name.
func (a *alter) there(cl sqltext.Clause, rest []sqltext.Token) (there, decided bool) {
	def, left := a.pl.known(a.source)
	if def == nil || len(rest) == 0 {
		return false, false
	}
	switch cl.Act {
	case sqltext.AddColumn:
		return hasColumn(def, cl.Name) || a.earlier(cl, addsColumn, cl.Name), true
	case sqltext.DropColumn:
		return hasColumn(def, cl.Name) && !a.earlier(cl, drops, cl.Name), true
	case sqltext.ChangeColumn:
		return hasColumn(def, cl.Name), true
	case sqltext.AddKey:
		name := keyName(cl, rest)
		return hasKey(def, left, name) || a.earlier(cl, addsKey, name), true
	case sqltext.DropKey:
		return hasKey(def, left, cl.Name) && !a.earlier(cl, drops, cl.Name), true
	case sqltext.RenameKey, sqltext.AlterKey:
		return hasKey(def, left, cl.Name), true
	}
	switch head := cl.Tokens[0]; {
	case head.Is("ALTER"):
		return hasColumn(def, rest[0].Text), true
	case cl.Tokens[1].Is("FOREIGN") && rest[0].Is("("):
		return false, true // MariaDB looks for no name, and adds it
	case cl.Tokens[1].Is("FOREIGN") && a.earlier(cl, sameForeignKey, rest[0].Text):
		return head.Is("ADD"), true
	case cl.Tokens[1].Is("FOREIGN"):
		return hasForeignKey(def, rest[0].Text), true
	}
	return false, false // checks and partitions are not in what is known of a table
}

// missing leaves those columns of a list in parentheses that the table has not.
func (a *alter) missing(list []sqltext.Token) (gone bool, err error) {
	def, _ := a.pl.known(a.source)
	shut := sqltext.Close(list, 0)
	columns := sqltext.Split(list[1:shut])
	columns = slices.DeleteFunc(columns, func(t []sqltext.Token) bool { return len(t) == 0 || hasColumn(def, t[0].Text) })
	if len(columns) == 0 {
		return true, nil
	}
	return false, a.pl.refuse("IF NOT EXISTS of several columns in one parenthesis, of which the table lacks some", "undo it on the source and add the columns one by one, then retry")
}

// earlier looks among the clauses before one, as MariaDB does: what they do to
// the table it does not see, but not twice is the same name added or dropped.
func (a *alter) earlier(cl sqltext.Clause, does func(earlier, cl sqltext.Clause, name string) bool, name string) bool {
	for _, e := range a.pl.st.Clauses {
		if e.Tokens[0].Start >= cl.Tokens[0].Start {
			return false
		}
		if does(e, cl, name) {
			return true
		}
	}
	return false
}

func addsColumn(e, _ sqltext.Clause, name string) bool {
	return e.Act == sqltext.AddColumn && strings.EqualFold(e.Name, name) ||
		e.Act == sqltext.ChangeColumn && !e.Tokens[0].Is("RENAME") && strings.EqualFold(e.New, name)
}

func addsKey(e, _ sqltext.Clause, name string) bool {
	return e.Act == sqltext.AddKey && strings.EqualFold(keyName(e, e.Tokens), name)
}

func drops(e, cl sqltext.Clause, name string) bool {
	return e.Act == cl.Act && strings.EqualFold(e.Name, name)
}

func sameForeignKey(e, cl sqltext.Clause, name string) bool {
	if e.Act != sqltext.Other || len(e.Tokens) < 4 || !e.Tokens[0].Is(strings.ToUpper(cl.Tokens[0].Text)) || !e.Tokens[1].Is("FOREIGN") {
		return false
	}
	at := 3 // behind FOREIGN KEY
	if i, wanted := condition(e.Tokens); i >= 0 {
		at = i + 3
		if wanted {
			at--
		}
	}
	return at < len(e.Tokens) && strings.EqualFold(e.Tokens[at].Text, name)
}

// keyName is the name that MariaDB looks for: of a key without one, its first
// column's.
func keyName(cl sqltext.Clause, rest []sqltext.Token) string {
	switch {
	case cl.Tokens[1].Is("PRIMARY"):
		return "PRIMARY"
	case cl.Name != "":
		return cl.Name
	}
	return firstColumn(rest)
}

func firstColumn(rest []sqltext.Token) string {
	if names := columns(&sqltext.Cursor{T: rest}); len(names) > 0 {
		return names[0]
	}
	return ""
}

func hasColumn(def *schema.Table, name string) bool {
	c, _ := def.Column(name)
	return c != nil
}

func hasKey(def *schema.Table, left []string, name string) bool {
	return keyIndex(left, name) >= 0 || slices.ContainsFunc(def.Keys, func(k schema.Key) bool { return strings.EqualFold(k.Name, name) })
}

func hasForeignKey(def *schema.Table, name string) bool {
	return slices.ContainsFunc(def.ForeignKeys, func(fk schema.ForeignKey) bool { return strings.EqualFold(fk.Name, name) })
}

// prefixToMySQL takes out of a statement's head, and from behind the table's name
// or an index's columns, what only MariaDB reads there and changes nothing of what
// is done.
func (pl *planner) prefixToMySQL(r *rewrite, tokens []sqltext.Token) {
	if r.Target.Flavor != mysql.MySQL || r.Source.Flavor != mysql.MariaDB {
		return
	}
	c := &sqltext.Cursor{T: tokens}
	for !c.Done() {
		start := c.Peek(0).Start
		switch {
		case c.SkipParens():
			continue
		case start >= pl.st.Refs[0].Start && start < pl.st.Refs[0].End, start == pl.st.Index.Start && pl.st.Index.End > 0:
			c.At++ // a name
			continue
		case c.Accept("IF EXISTS"), c.Accept("IF NOT EXISTS"), c.Accept("ONLINE"), c.Accept("NOWAIT"):
		case c.Accept("WAIT"):
			c.At++
		default:
			c.At++
			continue
		}
		r.e.Replace(start, tokens[min(c.At, len(tokens))-1].End, "")
	}
}
