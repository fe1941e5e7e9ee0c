package schema

import (
	"bytes"
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

// AppendSelected appends the literal of what SelectExpr returned; nil is NULL.
// col is the column of the target. The literal makes the same bytes there as
// Codec.AppendLiteral does for the same row.
func AppendSelected(dst []byte, col *Column, text []byte) ([]byte, error) {
	if text == nil {
		return append(dst, "NULL"...), nil
	}
	cl, err := col.class()
	if err != nil {
		return dst, err
	}
	switch cl.kind {
	case kindInt, kindDecimal, kindBit, kindYear, kindEnum, kindSet:
		if !isNumber(text) {
			return dst, fmt.Errorf("column %s is %s, and a SELECT gave no number for it", col.Name, col.Type)
		}
		return append(dst, text...), nil
	case kindFloat, kindDouble:
		if !isNumber(text) {
			return dst, fmt.Errorf("column %s is %s, and a SELECT gave no number for it", col.Name, col.Type)
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

// isNumber guards what stands in a statement without quotes.
func isNumber(text []byte) bool {
	for _, c := range text {
		if (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' {
			return false
		}
	}
	return len(text) > 0
}

// LaxSelected reports of a selected text what Codec.Lax reports of a value.
func LaxSelected(col *Column, text []byte) bool {
	return string(text) == "0" && classes[strings.ToLower(col.DataType)].kind == kindEnum
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

// AppendLoad appends one field of a line for LOAD DATA, made of what SelectExpr
// returned; nil is NULL. The caller puts tabs between fields and ends the line.
func AppendLoad(dst []byte, col *Column, text []byte) []byte {
	if text == nil {
		return append(dst, `\N`...)
	}
	switch classes[strings.ToLower(col.DataType)].kind {
	case kindBit:
		if u, err := strconv.ParseUint(string(text), 10, 64); err == nil {
			return appendBits(dst, u)
		}
	case kindYear: // "0" is the year 2000, and that is what drivers make of "0000"
		if isZero(text) {
			return append(dst, "0000"...)
		}
	}
	for _, c := range text {
		dst = appendField(dst, c)
	}
	return dst
}

// appendBits appends the bytes of a BIT column: its text would be taken for
// bytes.
func appendBits(dst []byte, u uint64) []byte {
	for shift := 56; shift >= 0; shift -= 8 {
		dst = appendField(dst, byte(u>>shift))
	}
	return dst
}

func appendField(dst []byte, c byte) []byte {
	switch c {
	case 0:
		return append(dst, '\\', '0')
	case '\t':
		return append(dst, '\\', 't')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\\':
		return append(dst, '\\', '\\')
	default:
		return append(dst, c)
	}
}
