package schema

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// SelectExpr is the expression by which a copy reads a column of the source, in
// a Raw session and by the text protocol: one whose text loses nothing.
func SelectExpr(col *Column, _ mysql.Flavor) string {
	name := mysql.Ident(col.Name)
	switch classes[strings.ToLower(col.DataType)].kind {
	case kindFloat: // printed with six digits only; times one is a DOUBLE, and keeps the sign of zero
		return name + "*1e0"
	case kindDouble: // DOUBLE(m,d) is printed with d digits
		if strings.Contains(col.Type, ",") {
			return name + "*1e0"
		}
		return name
	case kindBit, kindEnum, kindSet:
		return "CAST(" + name + " AS UNSIGNED)"
	default:
		return name
	}
}

// Selected renders what SelectExpr returned of one column.
type Selected struct {
	col  *Column // of the target
	kind kind
}

// NewSelected returns the rendering for a column of the target.
func NewSelected(col *Column) (Selected, error) {
	cl, err := col.class()
	return Selected{col, cl.kind}, err
}

// AppendLiteral appends the literal of a text; nil is NULL. It makes the same
// bytes on the target as Codec.AppendLiteral does for the same row.
func (s Selected) AppendLiteral(dst, text []byte) ([]byte, error) {
	if text == nil {
		return append(dst, "NULL"...), nil
	}
	switch s.kind {
	case kindInt, kindDecimal, kindBit, kindYear, kindEnum, kindSet:
		if !isNumber(text) {
			return dst, s.noNumber()
		}
		return append(dst, text...), nil
	case kindFloat, kindDouble:
		if !isNumber(text) {
			return dst, s.noNumber()
		}
		switch {
		case text[0] == '-' && isZero(text[1:]):
			return append(dst, "'-0'"...), nil
		case bytes.IndexByte(text, 'e') < 0:
			return append(append(dst, text...), "e0"...), nil // else it were a DECIMAL first
		default:
			return append(dst, text...), nil
		}
	case kindJSON:
		return appendJSONLiteral(dst, text), nil
	case kindUUID, kindInet6, kindInet4:
		dst = append(dst, "_latin1"...)
	}
	return mysql.AppendString(dst, text), nil
}

func (s Selected) noNumber() error {
	return fmt.Errorf("column %s is %s, and a SELECT gave no number for it", s.col.Name, s.col.Type)
}

// AppendLoad appends one field of a line for LOAD DATA; nil is NULL. The caller
// puts tabs between fields and ends the line.
func (s Selected) AppendLoad(dst, text []byte) []byte {
	if text == nil {
		return append(dst, `\N`...)
	}
	switch s.kind {
	case kindBit: // its text would be taken for bytes
		if u, err := strconv.ParseUint(string(text), 10, 64); err == nil {
			var bits [8]byte
			binary.BigEndian.PutUint64(bits[:], u)
			return appendField(dst, bits[:])
		}
	case kindYear: // "0" is the year 2000, and that is what drivers make of "0000"
		if isZero(text) {
			return append(dst, "0000"...)
		}
	}
	return appendField(dst, text)
}

// Lax reports of a text what Codec.Lax reports of a value.
func (s Selected) Lax(text []byte) bool {
	return s.kind == kindEnum && string(text) == "0"
}

// fieldEscapes has the letter that stands behind a backslash for a byte that may
// not stand in a field of LOAD DATA as it is.
var fieldEscapes = [256]byte{0: '0', '\t': 't', '\n': 'n', '\r': 'r', '\\': '\\'}

// appendField appends the bytes of a field, escaped.
func appendField(dst, text []byte) []byte {
	plain := 0 // where the bytes begin that are not appended yet
	for i, c := range text {
		if e := fieldEscapes[c]; e != 0 {
			dst = append(append(dst, text[plain:i]...), '\\', e)
			plain = i + 1
		}
	}
	return append(dst, text[plain:]...)
}

// isNumber guards what stands in a statement without quotes.
func isNumber(text []byte) bool {
	for _, c := range text {
		if (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' {
			return false
		}
	}
	return len(text) > 0
}

// Loadable reports whether LOAD DATA can carry every value of a column of the
// target: not MySQL's JSON, whose exact numbers only an expression can make.
func Loadable(col *Column) bool {
	cl, err := col.class()
	return err == nil && cl.kind != kindJSON
}

// LoadExpr says how a column of the target is filled by LOAD DATA LOCAL with
// CHARACTER SET binary, FIELDS TERMINATED BY '\t' ESCAPED BY '\\' and LINES
// TERMINATED BY '\n': from its field as it is, or through a variable, which then
// stands in the column list as Variable gives it, and a clause for SET.
func LoadExpr(col *Column, _ mysql.Flavor) (usesVar bool, setClause string) {
	set := func(expr string) (bool, string) {
		return true, mysql.Ident(col.Name) + " = " + expr
	}
	switch classes[strings.ToLower(col.DataType)].kind {
	case kindEnum, kindSet: // as text it would be looked up among the members first
		return set("CAST(" + Variable(col) + " AS UNSIGNED)")
	case kindUUID, kindInet6, kindInet4: // as a binary string it would have to be the address's bytes
		return set("CONVERT(" + Variable(col) + " USING latin1)")
	default:
		return false, ""
	}
}

// Variable is the user variable that LoadExpr's clause reads.
func Variable(col *Column) string { return "@" + mysql.Ident(col.Name) }
