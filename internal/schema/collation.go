package schema

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"vitess.io/vitess/go/mysql/collations"
	"vitess.io/vitess/go/mysql/collations/charset"
	"vitess.io/vitess/go/mysql/collations/colldata"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// collation computes weights: bytes that are equal if and only if the server
// finds two texts equal.
type collation struct {
	weights colldata.Collation
	charset colldata.Charset
	noPad   bool   // spaces at the end count
	space   []byte // the weight of one space

	// legacy collations are of the older kinds of the Unicode algorithm, over
	// UTF-8.
	legacy bool
	// ascii are the weights of the first 128 characters, where those of a text
	// are the weights of its characters one after another; else nil.
	ascii *[128][]byte
}

// lookupCollation returns nil for collations whose weights are not known to be
// those of the servers; only names in trusted are, since each was compared with
// them over many texts. MariaDB has the names of MySQL's newest collations for
// its own that are nearest.
func lookupCollation(name string, flavor mysql.Flavor) *collation {
	name = strings.ToLower(name)
	if strings.HasPrefix(name, "utf8_") {
		name = "utf8mb3_" + strings.TrimPrefix(name, "utf8_")
	}
	if !trusted[name] || strings.Contains(name, "_0900_") && flavor != mysql.MySQL {
		return nil
	}
	return newCollation(name)
}

func newCollation(name string) *collation {
	id := collations.MySQL8().LookupByName(name)
	w := colldata.Lookup(id)
	if w == nil {
		return nil
	}
	c := &collation{weights: w, charset: w.Charset(), noPad: strings.Contains(name, "_0900_")}
	var space [4]byte
	if n := c.charset.EncodeRune(space[:], ' '); n > 0 {
		c.space = w.WeightString(nil, space[:n], 0)
	}
	_, uca := w.(*colldata.Collation_uca_legacy)
	c.legacy = uca && strings.HasPrefix(name, "utf8")
	if c.legacy && (strings.HasSuffix(name, "_unicode_ci") || strings.HasSuffix(name, "_unicode_520_ci")) {
		c.ascii = &[128][]byte{}
		for b := range c.ascii {
			n := c.charset.EncodeRune(space[:], rune(b))
			c.ascii[b] = w.WeightString(nil, space[:n], 0)
		}
	}
	return c
}

// append appends the weights of text, or of its first prefix characters.
func (c *collation) append(dst, text []byte, prefix int) ([]byte, error) {
	if !c.valid(text) {
		return dst, fmt.Errorf("%d bytes that are not text in %s", len(text), c.charset.Name())
	}
	if prefix > 0 {
		text = c.cut(text, prefix)
	}
	start := len(dst)
	dst = c.weigh(dst, text)
	if c.noPad || len(c.space) == 0 {
		return dst, nil
	}
	for len(dst)-start >= len(c.space) && bytes.HasSuffix(dst, c.space) {
		dst = dst[:len(dst)-len(c.space)]
	}
	return dst, nil
}

func (c *collation) weigh(dst, text []byte) []byte {
	if !c.legacy {
		return c.weights.WeightString(dst, text, 0)
	}
	if c.ascii != nil && isASCII(text) {
		for _, b := range text {
			dst = append(dst, c.ascii[b]...)
		}
		return dst
	}
	for {
		before, after, found := bytes.Cut(text, lastBMP)
		dst = c.weights.WeightString(dst, before, 0)
		if !found {
			return dst
		}
		dst = append(dst, 0xfb, 0xc1, 0xff, 0xff) // servers weigh it; the tables here do not
		text = after
	}
}

// lastBMP is U+FFFF.
var lastBMP = []byte("\uffff")

func (c *collation) valid(text []byte) bool {
	switch c.charset.(type) {
	case charset.Charset_utf8mb4, charset.Charset_utf8mb3:
		return utf8.Valid(text)
	}
	if c.charset.MaxWidth() == 1 {
		return true
	}
	return charset.Validate(c.charset, text)
}

func (c *collation) cut(text []byte, chars int) []byte {
	if c.charset.MaxWidth() == 1 {
		return text[:min(chars, len(text))]
	}
	rest := text
	for ; chars > 0 && len(rest) > 0; chars-- {
		_, n := c.charset.DecodeRune(rest)
		rest = rest[n:]
	}
	return text[:len(text)-len(rest)]
}

func isASCII(text []byte) bool {
	for _, b := range text {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
