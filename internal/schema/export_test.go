package schema

import (
	"slices"

	"vitess.io/vitess/go/mysql/collations"
	"vitess.io/vitess/go/mysql/collations/charset"
	"vitess.io/vitess/go/mysql/collations/colldata"
)

// Weigher is a collation's weights, trusted or not, for comparing with servers.
type Weigher struct{ c *collation }

// NewWeigher returns nil for what there are no weights for.
func NewWeigher(name string) *Weigher {
	if c := newCollation(name); c != nil {
		return &Weigher{c}
	}
	return nil
}

// Append appends the weights of text.
func (w *Weigher) Append(dst, text []byte, prefix int) ([]byte, error) {
	return w.c.append(dst, text, prefix)
}

// Single reports whether every byte is a character.
func (w *Weigher) Single() bool { return w.c.charset.MaxWidth() == 1 }

// Bytes is how many bytes are characters, where each is one.
func (w *Weigher) Bytes() int {
	if w.c.charset.Name() == "ascii" {
		return 128
	}
	return 256
}

// Encode turns UTF-8 into the collation's character set; nil if it has no such
// characters.
func (w *Weigher) Encode(s string) []byte {
	out, err := charset.ConvertFromUTF8(nil, w.c.charset, []byte(s))
	if err != nil {
		return nil
	}
	back, err := charset.Convert(nil, charset.Charset_utf8mb4{}, out, w.c.charset)
	if err != nil || string(back) != s {
		return nil
	}
	return out
}

// Trusted lists the collations keys are encoded for.
func Trusted() []string {
	var names []string
	for name := range trusted {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Known lists all collations there are weights for.
func Known() []string {
	var names []string
	for _, c := range colldata.All(collations.MySQL8()) {
		if c != nil {
			names = append(names, c.Name())
		}
	}
	slices.Sort(names)
	return names
}

// AppendJSONText and AppendJSONLiteral are what JSON columns are written by.
var (
	AppendJSONText    = appendJSONText
	AppendJSONLiteral = appendJSONLiteral
	AppendInet6       = appendInet6
	AppendDecimal     = appendDecimal
)
