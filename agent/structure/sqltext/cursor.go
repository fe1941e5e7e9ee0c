package sqltext

import "strings"

// Cursor walks over tokens.
type Cursor struct {
	T  []Token
	At int
}

// Peek returns the token n places ahead; past the end it is a zero Token.
func (c *Cursor) Peek(n int) Token {
	if c.At+n < len(c.T) {
		return c.T[c.At+n]
	}
	return Token{}
}

// Done reports that no token is left.
func (c *Cursor) Done() bool { return c.At >= len(c.T) }

// Accept steps over the keywords, given in upper case and separated by blanks,
// if they come next.
func (c *Cursor) Accept(words string) bool {
	n := 0
	for w := range strings.FieldsSeq(words) {
		if !c.Peek(n).Is(w) {
			return false
		}
		n++
	}
	c.At += n
	return true
}

// AcceptAny steps over one of several keywords and returns which one it was,
// or "".
func (c *Cursor) AcceptAny(words ...string) string {
	for _, w := range words {
		if c.Accept(w) {
			return w
		}
	}
	return ""
}

// SkipParens steps over a parenthesis and all within, if one comes next.
func (c *Cursor) SkipParens() bool {
	if !c.Peek(0).Is("(") {
		return false
	}
	c.At = Close(c.T, c.At) + 1
	return true
}

// Close returns the index of the parenthesis that closes the one at open, or
// the last token's index if none does.
func Close(t []Token, open int) int {
	depth := 0
	for i := open; i < len(t); i++ {
		switch {
		case t[i].Is("("):
			depth++
		case t[i].Is(")"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(t) - 1
}

// Split cuts tokens at the commas that stand outside of parentheses.
func Split(t []Token) [][]Token {
	var out [][]Token
	depth, from := 0, 0
	for i := range t {
		switch {
		case t[i].Is("("):
			depth++
		case t[i].Is(")"):
			depth--
		case depth == 0 && t[i].Is(","):
			out = append(out, t[from:i])
			from = i + 1
		}
	}
	if from < len(t) {
		out = append(out, t[from:])
	}
	return out
}

// Name is a name in a statement, maybe qualified, and where it stands.
type Name struct {
	Schema, Name string // Schema is "" if the text does not say
	Start, End   int
}

// Name reads a name, maybe qualified by a schema.
func (c *Cursor) Name() (Name, bool) {
	if !c.Peek(0).Name() {
		return Name{}, false
	}
	first := c.Peek(0)
	n := Name{Name: first.Text, Start: first.Start, End: first.End}
	c.At++
	if c.Peek(0).Is(".") && c.Peek(1).Name() {
		n.Schema, n.Name, n.End = n.Name, c.Peek(1).Text, c.Peek(1).End
		c.At += 2
	}
	return n, true
}
