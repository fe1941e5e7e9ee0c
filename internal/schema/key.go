package schema

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/internal/change"
)

// KeyEncoder turns the key of a row into bytes that are equal if and only if
// the server that holds the target finds the keys equal. It reads images of the
// source. It is not safe for concurrent use.
type KeyEncoder struct {
	parts []keyPart
}

type keyPart struct {
	codec   *Codec
	index   int // in the source's image
	prefix  int // characters or bytes; 0 is all
	collate *collation
	char    bool
}

// NewKeyEncoder returns the encoder of a key of the target. codecs are by column
// of the source's image; columns are found by name. It returns false if equality
// cannot be computed here: unknown collations, expressions, values that only the
// server has. The changes of such a table stay in log order on one lane.
func NewKeyEncoder(target *Table, key *Key, codecs []*Codec) (*KeyEncoder, bool) {
	if key.WithoutOverlaps || key.Kind != "" || len(key.Parts) == 0 {
		return nil, false
	}
	e := &KeyEncoder{}
	for _, p := range key.Parts {
		part, ok := newKeyPart(target, p, codecs)
		if !ok {
			return nil, false
		}
		e.parts = append(e.parts, part)
	}
	return e, true
}

func newKeyPart(target *Table, p KeyPart, codecs []*Codec) (keyPart, bool) {
	col, _ := target.Column(p.Column)
	if p.Column == "" || p.Expression != "" || col == nil || col.Generation == Virtual || col.Generation == RowTime {
		return keyPart{}, false
	}
	part := keyPart{index: -1, prefix: p.Prefix}
	for i, c := range codecs {
		if c != nil && strings.EqualFold(c.col.Name, col.Name) {
			part.index, part.codec = i, c
			break
		}
	}
	cl, err := col.class()
	if part.index < 0 || err != nil || cl.kind != part.codec.kind {
		return keyPart{}, false
	}
	switch cl.kind {
	case kindText:
		part.char = strings.EqualFold(col.DataType, "char")
		part.collate = lookupCollation(col.Collation, target.Flavor)
		return part, part.collate != nil && sameCharset(col.Charset, part.codec.col.Charset)
	case kindBinary, kindBytes:
		return part, true
	case kindJSON, kindGeometry, kindVector:
		return keyPart{}, false
	default:
		return part, p.Prefix == 0
	}
}

// TellsCharApart reports whether a part of the key is CHAR of a collation in which
// spaces count. PARTITION BY KEY places such values with the spaces that fill
// them up to the column's bytes (seen in MySQL 9.7 and MariaDB 10.11): values that
// the key takes for equal and whose texts have different lengths can be in two
// partitions, each a row of its own.
func (e *KeyEncoder) TellsCharApart() bool {
	return slices.ContainsFunc(e.parts, func(p keyPart) bool { return p.codec.kind == kindText && p.char && p.collate.noPad })
}

// Append appends the key of a row. null says that a part of it is NULL: such a
// key is equal to no other, and nothing useful is appended.
func (e *KeyEncoder) Append(dst []byte, row change.Row) (out []byte, null bool, err error) {
	for i := range e.parts {
		p := &e.parts[i]
		if p.index >= row.Len() {
			return dst, false, fmt.Errorf("column %s is not in a row of %d columns", p.codec.col.Name, row.Len())
		}
		raw := row.Value(p.index)
		if raw == nil {
			return dst, true, nil
		}
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0) // the length keeps parts apart
		if dst, err = p.append(dst, raw); err != nil {
			return dst, false, err
		}
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst, false, nil
}

func (p *keyPart) append(dst, raw []byte) ([]byte, error) {
	switch p.codec.kind {
	case kindText:
		if p.char && p.collate.noPad { // the server cuts CHAR's spaces, whatever the collation
			for len(raw) > 0 && raw[len(raw)-1] == ' ' {
				raw = raw[:len(raw)-1]
			}
		}
		dst, err := p.collate.append(dst, raw, p.prefix)
		if err != nil {
			return dst, p.codec.fail(err)
		}
		return dst, nil
	case kindBytes:
		if p.prefix > 0 && len(raw) > p.prefix {
			raw = raw[:p.prefix]
		}
		return append(dst, raw...), nil
	case kindBinary:
		if p.prefix > 0 && len(raw) > p.prefix {
			raw = raw[:p.prefix]
		}
		return append(dst, trimNUL(raw)...), nil
	case kindUUID, kindInet6, kindInet4:
		return append(dst, trimNUL(raw)...), nil
	case kindFloat, kindDouble:
		v, err := realValue(raw)
		if err != nil {
			return dst, p.codec.fail(err)
		}
		if v == 0 {
			v = 0 // both zeros are equal
		}
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(v)), nil
	case kindDecimal:
		return p.codec.AppendText(dst, raw) // two forms of zero have one text
	default:
		return append(dst, raw...), nil
	}
}

// trimNUL brings values whose zero bytes at the end may or may not have been cut
// to one form.
func trimNUL(raw []byte) []byte {
	for len(raw) > 0 && raw[len(raw)-1] == 0 {
		raw = raw[:len(raw)-1]
	}
	return raw
}
