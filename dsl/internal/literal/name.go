package literal

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// maxIdentifier is the longest name of a database or table, in characters.
const maxIdentifier = 64

// Identifier checks a name of a database, table or column.
func Identifier(s string) error {
	switch {
	case s == "":
		return errors.New("is empty; a name has 1 to 64 characters")
	case utf8.RuneCountInString(s) > maxIdentifier:
		return errors.New("is longer than 64 characters, the servers' limit for a name")
	case strings.HasSuffix(s, " "):
		return errors.New("ends with a blank, which servers refuse in a name")
	}
	for _, r := range s {
		if r == 0 || r > 0xFFFF || r == utf8.RuneError {
			return errors.New("has a character that servers refuse in a name")
		}
	}
	return nil
}

// Pattern checks a name in which '*' stands for any characters and '?' for one.
func Pattern(s string) error {
	if IsPattern(s) {
		if plain := strings.ReplaceAll(s, "*", ""); plain != "" {
			return Identifier(plain)
		}
		return nil
	}
	return Identifier(s)
}

// IsPattern reports whether a name holds '*' or '?'.
func IsPattern(s string) bool { return strings.ContainsAny(s, "*?") }

// Match reports whether a name fits a pattern.
func Match(pattern, name string) bool { return overlap([]rune(pattern), literalRunes(name)) }

// Overlap reports whether some name fits both patterns.
func Overlap(a, b string) bool { return overlap([]rune(a), []rune(b)) }

// literalOffset lifts a name's own '*' and '?' out of the way of the pattern's.
const literalOffset = 0x200000

func literalRunes(name string) []rune {
	rs := []rune(name)
	for i, r := range rs {
		if r == '*' || r == '?' {
			rs[i] = r + literalOffset
		}
	}
	return rs
}

// overlap fills a table of "the rests from i and j can meet", from the end.
func overlap(a, b []rune) bool {
	next := make([]bool, len(b)+1)
	for i := len(a); i >= 0; i-- {
		row := make([]bool, len(b)+1)
		for j := len(b); j >= 0; j-- {
			switch {
			case i == len(a) && j == len(b):
				row[j] = true
			case i < len(a) && a[i] == '*':
				row[j] = next[j] || j < len(b) && row[j+1]
			case j < len(b) && b[j] == '*':
				row[j] = row[j+1] || i < len(a) && next[j]
			case i < len(a) && j < len(b):
				row[j] = (a[i] == '?' || b[j] == '?' || a[i] == b[j]) && next[j+1]
			}
		}
		next = row
	}
	return next[0]
}

// QualifiedPattern checks "database.table" with patterns on both sides.
func QualifiedPattern(s string) error {
	db, table, ok := strings.Cut(s, ".")
	if !ok {
		return errors.New(`has no database; write "database.table", for example "shop.*"`)
	}
	if err := Pattern(db); err != nil {
		return err
	}
	return Pattern(table)
}

// AccountPattern checks "user@host" with patterns on both sides, in which '%'
// is the host wildcard of the servers themselves.
func AccountPattern(s string) error {
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 {
		return errors.New(`is not user@host; write for example "app@%"`)
	}
	return nil
}
