package schema

import (
	"fmt"
	"math"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// AppendKey appends the value as it stands after "column =", such that the
// column's own rules of equality hold and its index is used.
func (c *Codec) AppendKey(dst, raw []byte) ([]byte, error) {
	switch {
	case raw == nil:
		return append(dst, "NULL"...), nil
	case c.into == kindJSON || c.into == kindGeometry:
		return dst, fmt.Errorf("column %s is %s, which is never compared as a key", c.target.Name, c.target.Type)
	case c.into == kindText:
		dst = append(dst, c.introducer...)
		if c.kind == kindText {
			return mysql.AppendString(dst, raw), nil
		}
		return c.AppendLiteral(dst, raw)
	case c.kind == kindBinary:
		n := len(dst)
		dst = append(dst, '\'')
		dst = appendEscaped(dst[:n], raw)
		for i := len(raw); i < c.size && c.into == kindBinary; i++ {
			dst = append(dst, '\\', '0')
		}
		return append(dst, '\''), nil
	case c.into == kindSet && len(raw) == 8: // read back as a signed number, so it is compared as one
		return appendInt(dst, raw, false)
	default:
		return c.AppendLiteral(dst, raw)
	}
}

// Numbered reports whether a key's value is written as the number of labels.
func (c *Codec) Numbered() bool { return c.into == kindEnum || c.into == kindSet }

// Listed reports whether a row that AppendMatch finds by a value is among those
// whose column equals one of a list of AppendKey's.
func (c *Codec) Listed() bool {
	switch c.into {
	case kindJSON, kindGeometry, kindVector, kindFloat, kindDouble, kindEnum, kindSet:
		return false
	case kindText:
		return c.kind == kindText
	}
	return true
}

// appendEscaped appends a string literal that is not yet closed.
func appendEscaped(dst, s []byte) []byte {
	dst = mysql.AppendString(dst, s)
	return dst[:len(dst)-1]
}

// longText is from where on a text is compared as bytes only: looking it up in
// an index of its first characters gains nothing over that.
const longText = 768

// AppendMatch appends a condition that is true if and only if the column holds
// exactly these bytes, NULL included. ident is the column as it is written in
// the statement, quoted, maybe with its table. An index on the column can be
// used where the type has one.
func (c *Codec) AppendMatch(dst []byte, ident string, raw []byte) ([]byte, error) {
	if raw == nil {
		return append(append(dst, ident...), " IS NULL"...), nil
	}
	switch c.into {
	case kindText:
		if c.kind != kindText || len(raw) > longText {
			return c.appendBytesMatch(dst, ident, raw)
		}
		dst = append(append(dst, '('), ident...)
		dst, err := c.AppendKey(append(dst, " = "...), raw)
		if err != nil {
			return dst, err
		}
		dst, err = c.appendBytesMatch(append(dst, " AND "...), ident, raw)
		return append(dst, ')'), err
	case kindJSON, kindGeometry, kindVector:
		return c.appendBytesMatch(dst, ident, raw)
	case kindFloat, kindDouble:
		return c.appendRealMatch(dst, ident, raw)
	default:
		return c.AppendKey(append(append(dst, ident...), " = "...), raw)
	}
}

// appendBytesMatch compares what the column holds, or JSON prints, as bytes.
func (c *Codec) appendBytesMatch(dst []byte, ident string, raw []byte) ([]byte, error) {
	dst = append(append(append(dst, "CAST("...), ident...), " AS BINARY) = "...)
	if c.kind == kindText || c.kind == kindGeometry || c.kind == kindVector {
		return mysql.AppendString(dst, raw), nil
	}
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	text, err := c.AppendText((*buf)[:0], raw)
	*buf = text
	return mysql.AppendString(dst, text), err
}

// appendRealMatch tells the two zeros apart, which are equal. MariaDB 10.11 reads
// and so stores only one of them: the server is asked by an expression.
func (c *Codec) appendRealMatch(dst []byte, ident string, raw []byte) ([]byte, error) {
	v, err := realValue(raw)
	if err != nil {
		return dst, c.fail(err)
	}
	if v != 0 {
		return c.appendReal(append(append(dst, ident...), " = "...), raw)
	}
	dst = append(append(dst, '('), ident...)
	dst = append(dst, " = 0 AND "...)
	if math.Signbit(v) {
		dst = append(append(dst, "(CAST("...), ident...)
		return append(dst, " AS CHAR) LIKE '-%' OR CAST('-0'*1e0 AS CHAR) NOT LIKE '-%'))"...), nil
	}
	dst = append(append(dst, "CAST("...), ident...)
	return append(dst, " AS CHAR) NOT LIKE '-%')"...), nil
}
