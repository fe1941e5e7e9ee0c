package structure

import (
	"strings"

	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// addedKey reads an "ADD KEY name (…)" clause.
func addedKey(clause string) (it item, t *sqltext.Text, ok bool) {
	t, err := sqltext.Lex(clause, sqltext.Mode{})
	if err != nil || len(t.Tokens) < 2 {
		return item{}, nil, false
	}
	it = readItem(t.Tokens[1:])
	return it, t, it.kind == itemKey
}

// keyIndex finds an index in a list of clauses, -1 if it is not there.
func keyIndex(clauses []string, name string) int {
	for i, c := range clauses {
		if it, _, ok := addedKey(c); ok && strings.EqualFold(it.name, name) {
			return i
		}
	}
	return -1
}

// renamedKey gives a clause's index another name.
func renamedKey(clause, name string) string {
	it, t, ok := addedKey(clause)
	if !ok {
		return clause
	}
	for _, tok := range t.Tokens {
		if tok.Kind == sqltext.Quoted && tok.Text == it.name {
			var e sqltext.Edits
			e.Replace(tok.Start, tok.End, mysql.Ident(name))
			return e.Apply(clause)
		}
	}
	return clause
}

// parts returns the clause's key parts and where their parenthesis stands.
func keyParts(t *sqltext.Text) (parts [][]sqltext.Token, open, shut int) {
	for i, tok := range t.Tokens {
		if tok.Is("(") {
			shut = sqltext.Close(t.Tokens, i)
			return sqltext.Split(t.Tokens[i+1 : shut]), i, shut
		}
	}
	return nil, 0, 0
}

// renamedColumn renames a column in a clause, in expressions too.
func renamedColumn(clause, from, to string) string {
	_, t, ok := addedKey(clause)
	if !ok {
		return clause
	}
	_, open, shut := keyParts(t)
	var e sqltext.Edits
	for _, tok := range t.Tokens[open:shut] {
		if tok.Kind == sqltext.Quoted && strings.EqualFold(tok.Text, from) {
			e.Replace(tok.Start, tok.End, mysql.Ident(to))
		}
	}
	return e.Apply(clause)
}

// withoutColumn takes a dropped column out of a clause, as servers do with an
// index; an index without columns goes.
func withoutColumn(clause, column string) string {
	_, t, ok := addedKey(clause)
	if !ok {
		return clause
	}
	parts, open, shut := keyParts(t)
	var keep []string
	for _, p := range parts {
		if len(p) == 0 || p[0].Kind == sqltext.Quoted && strings.EqualFold(p[0].Text, column) {
			continue
		}
		keep = append(keep, t.SQL[p[0].Start:p[len(p)-1].End])
	}
	switch len(keep) {
	case 0:
		return ""
	case len(parts):
		return clause
	}
	return t.SQL[:t.Tokens[open].End] + strings.Join(keep, ",") + t.SQL[t.Tokens[shut].Start:]
}

// groupIndexes says which clauses can go into one ALTER TABLE: all plain ones;
// InnoDB makes one FULLTEXT index at a time.
func groupIndexes(clauses []string) [][]string {
	var plain []string
	var out [][]string
	for _, c := range clauses {
		t, err := sqltext.Lex(c, sqltext.Mode{})
		if err == nil && len(t.Tokens) > 1 && (t.Tokens[1].Is("FULLTEXT") || t.Tokens[1].Is("SPATIAL") || t.Tokens[1].Is("VECTOR")) {
			out = append(out, []string{c})
			continue
		}
		plain = append(plain, c)
	}
	if len(plain) > 0 {
		out = append([][]string{plain}, out...)
	}
	return out
}
