package stream

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
)

// token is one word, name, literal or sign of a statement.
type token struct {
	kind tokenKind
	text string // without quotes; words in upper case are in upper
}

type tokenKind uint8

const (
	tokenWord   tokenKind = iota + 1 // keyword or bare name
	tokenName                        // `name`, or "name", which may be a literal as well
	tokenString                      // 'literal'
	tokenSign
)

func (t token) is(word string) bool { return t.kind == tokenWord && strings.EqualFold(t.text, word) }

func (t token) named() bool { return t.kind == tokenWord || t.kind == tokenName }

// scanner cuts SQL into tokens. Comments are blanks, but what stands in
// executable ones (/*! */, /*M! */) is read, since a server executes it.
type scanner struct{ s []byte }

func (x *scanner) next() (token, bool) {
	for len(x.s) > 0 {
		c := x.s[0]
		switch {
		case c <= ' ':
			x.s = x.s[1:]
		case c == '#' || bytes.HasPrefix(x.s, []byte("-- ")) || bytes.HasPrefix(x.s, []byte("--\n")) || bytes.HasPrefix(x.s, []byte("--\t")):
			x.skipPast("\n")
		case bytes.HasPrefix(x.s, []byte("/*")):
			x.comment()
		case bytes.HasPrefix(x.s, []byte("*/")): // end of an executable comment
			x.s = x.s[2:]
		case c == '`':
			return token{tokenName, x.quoted(c)}, true
		case c == '"':
			return token{tokenName, x.quoted(c)}, true
		case c == '\'':
			return token{tokenString, x.quoted(c)}, true
		case wordByte(c):
			n := 1
			for n < len(x.s) && wordByte(x.s[n]) {
				n++
			}
			t := token{tokenWord, string(x.s[:n])}
			x.s = x.s[n:]
			return t, true
		default:
			x.s = x.s[1:]
			return token{tokenSign, string(c)}, true
		}
	}
	return token{}, false
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func (x *scanner) skipPast(end string) {
	if i := bytes.Index(x.s, []byte(end)); i >= 0 {
		x.s = x.s[i+len(end):]
	} else {
		x.s = nil
	}
}

func (x *scanner) comment() {
	in := x.s[2:]
	in = bytes.TrimPrefix(in, []byte("M"))
	if !bytes.HasPrefix(in, []byte("!")) {
		x.s = x.s[2:]
		x.skipPast("*/")
		return
	}
	x.s = bytes.TrimLeft(in[1:], "0123456789")
}

// quoted takes a quoted text; doubled quotes, and backslashes outside of
// backticks, escape.
func (x *scanner) quoted(q byte) string {
	var b strings.Builder
	s := x.s[1:]
	for len(s) > 0 {
		switch {
		case s[0] == '\\' && q != '`' && len(s) > 1:
			b.WriteByte(s[1])
			s = s[2:]
		case s[0] == q && len(s) > 1 && s[1] == q:
			b.WriteByte(q)
			s = s[2:]
		case s[0] == q:
			x.s = s[1:]
			return b.String()
		default:
			b.WriteByte(s[0])
			s = s[1:]
		}
	}
	x.s = nil
	return b.String()
}

// verb says what a statement in the log means to its group of events.
type verb uint8

const (
	verbOther verb = iota // DDL, accounts, whatever commits by itself
	verbBegin
	verbCommit
	verbRollback
	verbRollbackTo
	verbSavepoint
	verbRelease
	verbXAStart
	verbXAEnd
	verbXAPrepare
	verbXACommit
	verbXARollback
	verbDML      // rows changed as text
	verbFunction // a call whose changes cannot be read off its text
	verbTemporary
)

var simpleVerbs = map[string]verb{
	"BEGIN": verbBegin, "COMMIT": verbCommit, "SAVEPOINT": verbSavepoint, "RELEASE": verbRelease,
	"INSERT": verbDML, "UPDATE": verbDML, "DELETE": verbDML, "REPLACE": verbDML, "LOAD": verbDML, "WITH": verbDML, "IMPORT": verbDML,
	"SELECT": verbFunction, "DO": verbFunction, "CALL": verbFunction, "SET": verbFunction,
}

var xaVerbs = map[string]verb{
	"START": verbXAStart, "BEGIN": verbXAStart, "END": verbXAEnd, "PREPARE": verbXAPrepare, "COMMIT": verbXACommit, "ROLLBACK": verbXARollback,
}

// classify looks at a statement's first words. name is a savepoint's name, or
// what tells one XA transaction from another.
func classify(sql []byte) (v verb, name string) {
	x := scanner{sql}
	first, ok := x.next()
	if !ok || first.kind != tokenWord {
		return verbOther, ""
	}
	switch word := strings.ToUpper(first.text); word {
	case "ROLLBACK":
		return classifyRollback(&x)
	case "SAVEPOINT":
		t, _ := x.next()
		return verbSavepoint, strings.ToLower(t.text)
	case "XA":
		t, _ := x.next()
		v := xaVerbs[strings.ToUpper(t.text)]
		return v, xidOfText(&x)
	case "CREATE", "DROP", "ALTER":
		for t, ok := x.next(); ok; t, ok = x.next() {
			if t.is("TEMPORARY") {
				return verbTemporary, ""
			}
			if !t.is("OR") && !t.is("REPLACE") {
				break
			}
		}
		return verbOther, ""
	case "SET":
		switch t, _ := x.next(); {
		case t.is("PASSWORD"), t.is("ROLE"), t.is("DEFAULT"):
			return verbOther, ""
		case t.is("STATEMENT"): // MariaDB's, of settings FOR one statement
			return classify(behindFor(x))
		}
		return verbFunction, ""
	case "LOAD":
		if t, _ := x.next(); t.is("INDEX") {
			return verbOther, ""
		}
		return verbDML, ""
	default:
		return simpleVerbs[word], ""
	}
}

// behindFor is what follows the FOR that stands in no parentheses.
func behindFor(x scanner) []byte {
	depth := 0
	for t, ok := x.next(); ok; t, ok = x.next() {
		switch {
		case t.kind == tokenSign && t.text == "(":
			depth++
		case t.kind == tokenSign && t.text == ")":
			depth--
		case depth == 0 && t.is("FOR"):
			return x.s
		}
	}
	return nil
}

func classifyRollback(x *scanner) (verb, string) {
	for t, ok := x.next(); ok; t, ok = x.next() {
		switch {
		case t.is("WORK"):
		case t.is("TO"):
			if t, ok = x.next(); ok && t.is("SAVEPOINT") {
				if named, ok := x.next(); ok {
					t = named
				}
			}
			return verbRollbackTo, strings.ToLower(t.text)
		default:
			return verbRollback, ""
		}
	}
	return verbRollback, ""
}

// xidOfText reads X'gtrid',X'bqual',format, as servers write it.
func xidOfText(x *scanner) string {
	parts := [2][]byte{}
	format := "1"
	n, isHex := 0, false
	for t, ok := x.next(); ok; t, ok = x.next() {
		switch {
		case t.kind == tokenWord && strings.EqualFold(t.text, "x"):
			isHex = true
		case (t.kind == tokenString || t.kind == tokenName) && n < 2:
			parts[n] = []byte(t.text)
			if isHex {
				parts[n], _ = hex.DecodeString(t.text)
			}
			n, isHex = n+1, false
		case t.kind == tokenWord && n > 0 && t.text[0] >= '0' && t.text[0] <= '9':
			format = t.text
		}
	}
	return xidKey(format, parts[0], parts[1])
}

func xidKey(format string, gtrid, bqual []byte) string {
	return fmt.Sprintf("X'%x',X'%x',%s", gtrid, bqual, format)
}

// mentions reports whether a change logged as text names a table that sel
// selects, where tables stand. It errs on the side of yes.
func mentions(sql []byte, schema string, fold bool, sel func(schema, name string) bool) (string, bool) {
	x := names{scanner: scanner{sql}, fold: fold}
	for {
		parts, tablePlace, ok := x.next()
		if !ok {
			return "", false
		}
		if len(parts) > 1 && sel(parts[0], parts[1]) {
			return parts[0] + "." + parts[1], true
		}
		if len(parts) == 1 && tablePlace && schema != "" && sel(schema, parts[0]) {
			return schema + "." + parts[0], true
		}
	}
}

// names finds dotted names, and knows which stand where a table is expected.
type names struct {
	scanner
	fold   bool
	peeked *token

	started bool // the first word is behind us
	expect  bool // a table's name may come
	listing bool // after a comma another one may come
	over    bool // ON DUPLICATE KEY: nothing else is written from here on
}

// tableWords come before a table's name, modifiers between it and them; after
// listEnds no table follows.
var (
	tableWords = wordSet("INTO UPDATE FROM JOIN STRAIGHT_JOIN TABLE USING")
	firstWords = wordSet("INSERT REPLACE DELETE UPDATE")
	modifiers  = wordSet("LOW_PRIORITY DELAYED HIGH_PRIORITY IGNORE QUICK ONLY LATERAL HISTORY")
	listEnds   = wordSet("SET WHERE VALUES VALUE SELECT ORDER GROUP HAVING LIMIT RETURNING")
)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

func (x *names) token() (token, bool) {
	if t := x.peeked; t != nil {
		x.peeked = nil
		return *t, true
	}
	return x.scanner.next()
}

func (x *names) next() (parts []string, tablePlace, ok bool) {
	for t, ok := x.token(); ok; t, ok = x.token() {
		if !t.named() {
			if t.text == "," {
				x.expect = x.listing
			}
			continue
		}
		if x.keyword(t) {
			continue
		}
		tablePlace = x.expect
		x.expect = false
		return x.dotted(t), tablePlace, true
	}
	return nil, false, false
}

// keyword moves the state; false if the token is a name.
func (x *names) keyword(t token) bool {
	first := !x.started
	x.started = true
	if t.kind != tokenWord {
		return false
	}
	switch word := strings.ToUpper(t.text); {
	case x.over:
		return false
	case word == "DUPLICATE":
		x.expect, x.listing, x.over = false, false, true
	case tableWords[word], first && firstWords[word]:
		x.expect, x.listing = true, true
	case modifiers[word] && x.expect:
	case listEnds[word]:
		x.expect, x.listing = false, false
	default:
		return first
	}
	return true
}

func (x *names) dotted(t token) []string {
	parts := []string{x.folded(t.text)}
	for {
		dot, ok := x.scanner.next()
		if !ok {
			return parts
		}
		if dot.kind != tokenSign || dot.text != "." {
			x.peeked = &dot
			return parts
		}
		part, ok := x.scanner.next()
		if !ok || !part.named() {
			return parts
		}
		parts = append(parts, x.folded(part.text))
	}
}

func (x *names) folded(name string) string {
	if x.fold {
		return strings.ToLower(name)
	}
	return name
}

// withoutStart cuts the clause off that a server appends to the CREATE TABLE of
// a CREATE TABLE … SELECT to say that rows follow.
func withoutStart(sql []byte) []byte {
	trimmed := bytes.TrimRight(sql, " \n\t;")
	const clause = "START TRANSACTION"
	if n := len(trimmed) - len(clause); n > 0 && bytes.EqualFold(trimmed[n:], []byte(clause)) {
		return bytes.TrimRight(trimmed[:n], " \n\t")
	}
	return sql
}
