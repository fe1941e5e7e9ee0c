package schema

import (
	"bytes"
	"fmt"
	"strings"
	"sync"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Codec turns one column's values from the binary form of the log into the text
// of statements. It is safe for use by many goroutines.
//
// Every literal is made for sessions of package mysql that are opened Raw.
type Codec struct {
	col    Column // of the source
	target Column
	kind   kind // of the source's column
	into   kind // of the target's column
	code   byte // real type code in the log
	size   int  // what goes with it: bytes, precision<<8|scale, digits of fraction

	introducer string // of text for comparing, as in "_utf8mb4"
}

// NewCodec returns the codec of a column for what a table map says of it. It is
// an error if the log's type does not fit the column: then the definition is
// not the one the row was written with.
//
// Whether an integer is signed comes from the column, never from the log.
func NewCodec(col *Column, code byte, meta uint16) (*Codec, error) {
	cl, err := col.class()
	if err != nil {
		return nil, err
	}
	if err := col.fits(cl, code, meta); err != nil {
		return nil, err
	}
	real, size := change.RealType(code, meta)
	c := &Codec{col: *col, kind: cl.kind, code: real, size: size}
	return c.For(col)
}

// For returns the codec for writing into another column than one defined as the
// source's: MySQL's JSON into MariaDB's text, UUID into CHAR(36). It is an error
// if the values would not be the same there.
func (c *Codec) For(target *Column) (*Codec, error) {
	cl, err := target.class()
	if err != nil {
		return nil, err
	}
	n := *c
	n.target, n.into = *target, cl.kind
	n.introducer = ""
	if cl.kind == kindText {
		n.introducer = "_" + target.Charset
		if target.Charset == "" {
			return nil, fmt.Errorf("column %s is %s, and its character set is not known", target.Name, target.Type)
		}
	}
	if err := c.convertible(target, cl.kind); err != nil {
		return nil, err
	}
	return &n, nil
}

func (c *Codec) convertible(target *Column, into kind) error {
	switch {
	case into == kindText && c.kind == kindText:
		if sameCharset(c.col.Charset, target.Charset) {
			return nil
		}
		return fmt.Errorf("column %s has the character set %s at the source and %s at the target", target.Name, c.col.Charset, target.Charset)
	case into == c.kind, into == kindBytes && c.kind == kindBinary:
		return nil
	case into == kindJSON && c.kind == kindText, into == kindText && c.kind == kindJSON:
		return nil
	case into == kindText && (c.kind == kindUUID || c.kind == kindInet6 || c.kind == kindInet4):
		return nil
	default:
		return fmt.Errorf("column %s is %s at the source and %s at the target", target.Name, c.col.Type, target.Type)
	}
}

func sameCharset(a, b string) bool { return charsetName(a) == charsetName(b) }

// charsetName gives utf8mb3 its one name.
func charsetName(name string) string {
	if name = strings.ToLower(name); name == "utf8" {
		return "utf8mb3"
	}
	return name
}

// scratch holds the text of values that are looked at twice.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// AppendLiteral appends the value as it stands in VALUES(...); nil is NULL.
func (c *Codec) AppendLiteral(dst, raw []byte) ([]byte, error) {
	if raw == nil {
		return append(dst, "NULL"...), nil
	}
	switch c.kind {
	case kindText, kindBytes:
		if c.into == kindJSON {
			return appendJSONLiteral(dst, raw), nil
		}
		return mysql.AppendString(dst, raw), nil
	case kindBinary, kindGeometry, kindVector:
		return mysql.AppendString(dst, raw), nil // the server pads BINARY itself
	case kindJSON:
		buf := scratch.Get().(*[]byte)
		defer scratch.Put(buf)
		text, err := appendJSONText((*buf)[:0], raw)
		*buf = text
		if err != nil {
			return dst, c.fail(err)
		}
		if c.into == kindJSON {
			return appendJSONLiteral(dst, text), nil
		}
		return mysql.AppendString(dst, text), nil
	case kindFloat, kindDouble:
		return c.appendReal(dst, raw)
	}
	quote := c.quoted()
	if c.into == kindUUID || c.into == kindInet6 || c.into == kindInet4 {
		dst = append(dst, "_latin1"...) // as a binary string it would have to be the address's bytes
	}
	if quote {
		dst = append(dst, '\'')
	}
	dst, err := c.AppendText(dst, raw)
	if err != nil {
		return dst, err
	}
	if quote {
		dst = append(dst, '\'')
	}
	return dst, nil
}

// quoted reports whether the text of a value stands in quotes; it holds nothing
// to escape.
func (c *Codec) quoted() bool {
	switch c.kind {
	case kindInt, kindDecimal, kindBit, kindYear, kindEnum, kindSet:
		return false
	default:
		return true
	}
}

// AppendText appends the value's text without quotes: what a SELECT by
// SelectExpr gives for it, and what reports show. raw is not nil. Bytes of text,
// binary and spatial columns are appended as they are.
func (c *Codec) AppendText(dst, raw []byte) ([]byte, error) {
	var err error
	switch c.kind {
	case kindInt:
		dst, err = appendInt(dst, raw, c.col.Unsigned)
	case kindFloat, kindDouble:
		dst, err = appendRealText(dst, raw)
	case kindDecimal:
		dst, err = appendDecimal(dst, raw, c.size>>8, c.size&0xff)
	case kindBit:
		dst, err = appendBigEndian(dst, raw)
	case kindEnum, kindSet:
		dst, err = appendInt(dst, raw, true)
	case kindYear, kindDate, kindTime, kindDatetime, kindTimestamp:
		dst, err = c.appendTemporal(dst, raw)
	case kindJSON:
		dst, err = appendJSONText(dst, raw)
	case kindUUID:
		dst, err = appendUUID(dst, raw)
	case kindInet6:
		dst, err = appendInet6(dst, raw)
	case kindInet4:
		dst, err = appendInet4(dst, raw)
	default:
		dst = append(dst, raw...)
	}
	if err != nil {
		return dst, c.fail(err)
	}
	return dst, nil
}

func (c *Codec) fail(err error) error {
	return fmt.Errorf("column %s (%s): %w", c.col.Name, c.col.Type, err)
}

// Equal reports whether two values are rendered alike, byte for byte.
func (c *Codec) Equal(a, b []byte) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if bytes.Equal(a, b) || c.kind != kindJSON {
		return bytes.Equal(a, b)
	}
	ta, errA := appendJSONText(nil, a)
	tb, errB := appendJSONText(nil, b)
	return errA == nil && errB == nil && bytes.Equal(ta, tb)
}

// Lax reports whether this value can only be stored by a statement without
// strict mode: the number 0 of an ENUM, which servers keep from the days of
// values that were not among its members. Such a row must be written by a
// statement of its own in the mode LaxMode.
func (c *Codec) Lax(raw []byte) bool {
	if c.kind != kindEnum || raw == nil {
		return false
	}
	for _, b := range raw {
		if b != 0 {
			return false
		}
	}
	return true
}
