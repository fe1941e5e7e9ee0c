package sqltext

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Kind is what a token is.
type Kind uint8

// The kinds of tokens. Blanks and plain comments are no tokens; what stands in
// a versioned comment is, since servers execute it.
const (
	Word    Kind = iota + 1 // an unquoted identifier or keyword
	Quoted                  // a quoted identifier
	String                  // a string literal, without its introducer
	Number                  // a number, hex and bit literals included
	Var                     // @user or @@system variable, or the @ of an account
	Punct                   // anything else, one byte (":=", "<=" come as two)
	comment                 // a delimiter of a versioned comment
)

// Token is one token: where it stands, and what it says.
type Token struct {
	Kind       Kind
	Start, End int    // bytes of the text
	Text       string // as written; of Quoted and String, without quotes and escapes
}

// Mode is what of sql_mode changes how text is cut into tokens.
type Mode struct {
	ANSIQuotes         bool // "x" is an identifier
	NoBackslashEscapes bool
}

// Text is a statement and its tokens.
type Text struct {
	SQL    string
	Tokens []Token

	// Comments are the delimiters of versioned comments: "/*!50100" and "*/".
	Comments []Token
}

// Lex cuts a statement into tokens. A trailing NUL byte, which some servers
// log, is not part of it.
func Lex(sql string, mode Mode) (*Text, error) {
	l := &lexer{src: strings.TrimRight(sql, "\x00"), mode: mode}
	if err := l.run(); err != nil {
		return nil, err
	}
	return &Text{SQL: l.src, Tokens: l.out, Comments: l.comments}, nil
}

type lexer struct {
	src      string
	mode     Mode
	at       int
	open     int // versioned comments that are open
	out      []Token
	comments []Token
}

func (l *lexer) run() error {
	for l.at < len(l.src) {
		c := l.src[l.at]
		var err error
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			l.at++
		case c == '#':
			l.skipLine()
		case c == '-' && l.dashComment():
			l.skipLine()
		case c == '/' && l.peek(1) == '*':
			err = l.comment()
		case c == '*' && l.open > 0 && l.peek(1) == '/':
			l.comments = append(l.comments, Token{Kind: comment, Start: l.at, End: l.at + 2, Text: "*/"})
			l.at += 2
			l.open--
		case c == '`':
			err = l.quoted('`', Quoted)
		case c == '\'':
			err = l.quoted('\'', String)
		case c == '"' && l.mode.ANSIQuotes:
			err = l.quoted('"', Quoted)
		case c == '"':
			err = l.quoted('"', String)
		case c >= '0' && c <= '9' || c == '.' && isDigit(l.peek(1)) && !l.afterName():
			l.number()
		case isWord(c):
			l.word()
		case c == '@':
			l.variable()
		default:
			l.emit(Punct, l.at+1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *lexer) peek(n int) byte {
	if l.at+n < len(l.src) {
		return l.src[l.at+n]
	}
	return 0
}

// dashComment: two dashes begin a comment only before a blank or the end.
func (l *lexer) dashComment() bool {
	return l.peek(1) == '-' && (l.at+2 >= len(l.src) || l.peek(2) <= ' ')
}

// afterName: in "t.1a" the dot belongs to a name.
func (l *lexer) afterName() bool {
	n := len(l.out)
	return n > 0 && l.out[n-1].End == l.at && (l.out[n-1].Kind == Word || l.out[n-1].Kind == Quoted)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c) || c == '_' || c == '$' || c >= utf8.RuneSelf
}

func (l *lexer) emit(k Kind, end int) {
	l.out = append(l.out, Token{Kind: k, Start: l.at, End: end, Text: l.src[l.at:end]})
	l.at = end
}

func (l *lexer) skipLine() {
	if i := strings.IndexByte(l.src[l.at:], '\n'); i >= 0 {
		l.at += i + 1
		return
	}
	l.at = len(l.src)
}

// comment skips a plain comment and steps into a versioned one: "/*!50100",
// MariaDB's "/*M!100301". An optimizer hint "/*+" is plain.
func (l *lexer) comment() error {
	n := 2
	if c := l.peek(n); c == 'M' || c == 'm' {
		n++
	}
	if l.peek(n) == '!' {
		n++
		for isDigit(l.peek(n)) {
			n++
		}
		l.comments = append(l.comments, Token{Kind: comment, Start: l.at, End: l.at + n, Text: l.src[l.at : l.at+n]})
		l.at += n
		l.open++
		return nil
	}
	i := strings.Index(l.src[l.at+2:], "*/")
	if i < 0 {
		return fmt.Errorf("comment at byte %d does not end", l.at)
	}
	l.at += i + 4
	return nil
}

func (l *lexer) quoted(q byte, k Kind) error {
	var b strings.Builder
	for i := l.at + 1; i < len(l.src); i++ {
		c := l.src[i]
		switch {
		case c == q && i+1 < len(l.src) && l.src[i+1] == q:
			b.WriteByte(q)
			i++
		case c == q:
			l.out = append(l.out, Token{Kind: k, Start: l.at, End: i + 1, Text: b.String()})
			l.at = i + 1
			return nil
		case c == '\\' && k == String && !l.mode.NoBackslashEscapes && i+1 < len(l.src):
			i++
			b.WriteString(unescape(l.src[i]))
		default:
			b.WriteByte(c)
		}
	}
	return fmt.Errorf("quote at byte %d does not end", l.at)
}

func unescape(c byte) string {
	switch c {
	case '0':
		return "\x00"
	case 'n':
		return "\n"
	case 'r':
		return "\r"
	case 't':
		return "\t"
	case 'b':
		return "\b"
	case 'Z':
		return "\x1a"
	case '%', '_':
		return "\\" + string(rune(c))
	default:
		return string([]byte{c})
	}
}

// number reads digits, and the letters that may follow: 0xFF, 1e10, and
// identifiers that begin with a digit, such as 2fast.
func (l *lexer) number() {
	end, kind := l.at, Number
	for end < len(l.src) && (isWord(l.src[end]) || l.src[end] == '.' && !l.afterName() || exponentSign(l.src, l.at, end)) {
		if c := l.src[end]; c != '.' && !isDigit(c) && c != '+' && c != '-' {
			kind = Word
		}
		end++
	}
	text := strings.ToLower(l.src[l.at:end])
	if kind == Word && numberWithLetters(text) && !l.afterDot() {
		kind = Number
	}
	l.emit(kind, end)
}

// afterDot: what follows "t." is a name, even if it looks like 0x10 or 1e5.
func (l *lexer) afterDot() bool {
	n := len(l.out)
	return n > 0 && l.out[n-1].End == l.at && l.out[n-1].Text == "."
}

func exponentSign(src string, start, at int) bool {
	if c := src[at]; c != '+' && c != '-' || at == start {
		return false
	}
	prev := src[at-1] | 0x20
	if prev != 'e' || at+1 >= len(src) || !isDigit(src[at+1]) {
		return false
	}
	for _, c := range []byte(src[start : at-1]) {
		if !isDigit(c) && c != '.' {
			return false
		}
	}
	return true
}

func numberWithLetters(s string) bool {
	if h, ok := strings.CutPrefix(s, "0x"); ok {
		return h != "" && strings.Trim(h, "0123456789abcdef") == ""
	}
	if b, ok := strings.CutPrefix(s, "0b"); ok {
		return b != "" && strings.Trim(b, "01") == ""
	}
	m, e, ok := strings.Cut(s, "e")
	return ok && e != "" && strings.Trim(m, "0123456789.") == "" && strings.Trim(e, "0123456789+-") == ""
}

func (l *lexer) word() {
	end := l.at
	for end < len(l.src) && isWord(l.src[end]) {
		end++
	}
	l.emit(Word, end)
}

// variable reads "@name", "@@name", or the bare "@" before a quoted host.
func (l *lexer) variable() {
	end := l.at + 1
	for end < len(l.src) && l.src[end] == '@' {
		end++
	}
	for end < len(l.src) && (isWord(l.src[end]) || l.src[end] == '.') {
		end++
	}
	l.emit(Var, end)
}

// Is reports whether the token is that keyword (given in upper case) or
// punctuation. A quoted identifier is neither.
func (t Token) Is(s string) bool {
	return (t.Kind == Word || t.Kind == Punct) && strings.EqualFold(t.Text, s)
}

// Name reports whether the token can name an object.
func (t Token) Name() bool { return t.Kind == Word || t.Kind == Quoted }
