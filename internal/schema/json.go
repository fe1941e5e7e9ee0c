package schema

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"

	"github.com/tidegate-io/tidegate/internal/change"
)

// Types of values in MySQL's binary JSON.
const (
	jsonSmallObject = iota
	jsonLargeObject
	jsonSmallArray
	jsonLargeArray
	jsonLiteral
	jsonInt16
	jsonUint16
	jsonInt32
	jsonUint32
	jsonInt64
	jsonUint64
	jsonDouble
	jsonString
	jsonOpaque = 15
)

// maxJSONDepth bounds recursion on damaged data; servers allow 100.
const maxJSONDepth = 128

// appendJSONText appends the text that MySQL prints for a JSON value in its
// binary form. An empty value, which a server without strict mode may hold,
// prints as null.
func appendJSONText(dst, raw []byte) ([]byte, error) {
	if len(raw) == 0 {
		return append(dst, "null"...), nil
	}
	return appendJSONValue(dst, raw[0], raw[1:], 0)
}

func appendJSONValue(dst []byte, typ byte, b []byte, depth int) ([]byte, error) {
	if depth > maxJSONDepth {
		return dst, fmt.Errorf("JSON deeper than %d", maxJSONDepth)
	}
	switch typ {
	case jsonSmallObject, jsonLargeObject, jsonSmallArray, jsonLargeArray:
		return appendJSONContainer(dst, typ, b, depth)
	case jsonString:
		s, _, err := jsonData(b)
		if err != nil {
			return dst, err
		}
		return appendJSONString(dst, s), nil
	case jsonOpaque:
		return appendJSONOpaque(dst, b)
	default:
		return appendJSONScalar(dst, typ, b)
	}
}

func appendJSONScalar(dst []byte, typ byte, b []byte) ([]byte, error) {
	var size int
	switch typ {
	case jsonLiteral:
		size = 1
	case jsonInt16, jsonUint16:
		size = 2
	case jsonInt32, jsonUint32:
		size = 4
	case jsonInt64, jsonUint64, jsonDouble:
		size = 8
	default:
		return dst, fmt.Errorf("JSON type %d is not known", typ)
	}
	if len(b) < size {
		return dst, errJSONShort
	}
	switch typ {
	case jsonLiteral:
		if b[0] > 2 {
			return dst, fmt.Errorf("JSON literal %d is not known", b[0])
		}
		return append(dst, [3]string{"null", "true", "false"}[b[0]]...), nil
	case jsonDouble:
		return appendJSONDouble(dst, math.Float64frombits(binary.LittleEndian.Uint64(b))), nil
	default:
		return appendInt(dst, b[:size], typ == jsonUint16 || typ == jsonUint32 || typ == jsonUint64)
	}
}

var errJSONShort = fmt.Errorf("JSON value ends too early")

// jsonContainer is an object or array: counts and entries at its start, then
// keys and values at offsets from there.
type jsonContainer struct {
	data   []byte
	count  int
	width  int // of counts and offsets
	object bool
}

func newJSONContainer(typ byte, b []byte) (jsonContainer, error) {
	c := jsonContainer{width: 2, object: typ <= jsonLargeObject}
	if typ == jsonLargeObject || typ == jsonLargeArray {
		c.width = 4
	}
	if len(b) < 2*c.width {
		return c, errJSONShort
	}
	size := uint64(0)
	c.count, size = int(littleEndian(b[:c.width])), littleEndian(b[c.width:2*c.width])
	if size > uint64(len(b)) || c.values()+c.count*(1+c.width) > int(size) {
		return c, errJSONShort
	}
	c.data = b[:size]
	return c, nil
}

// values is where the value entries begin.
func (c *jsonContainer) values() int {
	if c.object {
		return 2*c.width + c.count*(c.width+2)
	}
	return 2 * c.width
}

func (c *jsonContainer) key(i int) ([]byte, error) {
	at := 2*c.width + i*(c.width+2)
	offset := int(littleEndian(c.data[at : at+c.width]))
	size := int(binary.LittleEndian.Uint16(c.data[at+c.width:]))
	if offset+size > len(c.data) {
		return nil, errJSONShort
	}
	return c.data[offset : offset+size], nil
}

// value returns a member's type and data; small ones lie in the entry itself.
func (c *jsonContainer) value(i int) (byte, []byte, error) {
	at := c.values() + i*(1+c.width)
	typ, entry := c.data[at], c.data[at+1:at+1+c.width]
	switch {
	case typ == jsonLiteral, typ == jsonInt16, typ == jsonUint16,
		c.width == 4 && (typ == jsonInt32 || typ == jsonUint32):
		return typ, entry, nil
	}
	offset := littleEndian(entry)
	if offset >= uint64(len(c.data)) {
		return 0, nil, errJSONShort
	}
	return typ, c.data[offset:], nil
}

func appendJSONContainer(dst []byte, typ byte, b []byte, depth int) ([]byte, error) {
	c, err := newJSONContainer(typ, b)
	if err != nil {
		return dst, err
	}
	open, end := byte('['), byte(']')
	if c.object {
		open, end = '{', '}'
	}
	dst = append(dst, open)
	for i := range c.count {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if c.object {
			key, err := c.key(i)
			if err != nil {
				return dst, err
			}
			dst = append(appendJSONString(dst, key), ": "...)
		}
		typ, data, err := c.value(i)
		if err != nil {
			return dst, err
		}
		if dst, err = appendJSONValue(dst, typ, data, depth+1); err != nil {
			return dst, err
		}
	}
	return append(dst, end), nil
}

// jsonData reads a length of seven bits a byte, and that many bytes.
func jsonData(b []byte) (data, rest []byte, err error) {
	n, used := binary.Uvarint(b)
	if used <= 0 || n > uint64(len(b)-used) {
		return nil, nil, errJSONShort
	}
	return b[used : used+int(n)], b[used+int(n):], nil
}

const hexDigits = "0123456789abcdef"

func appendJSONString(dst, s []byte) []byte {
	dst = append(dst, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= 0x20:
			dst = append(dst, c)
		case c == '\b':
			dst = append(dst, `\b`...)
		case c == '\f':
			dst = append(dst, `\f`...)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(dst, '"')
}

// appendJSONDouble appends the shortest digits that give the number back, with
// an exponent below 1e-15 and from 1e15 on, and always marked as a double.
func appendJSONDouble(dst []byte, v float64) []byte {
	start := len(dst)
	var buf [32]byte
	digits := strconv.AppendFloat(buf[:0], v, 'e', -1, 64)
	exponent := 0
	for i := len(digits) - 1; i > 0; i-- {
		if digits[i] == 'e' {
			exponent, _ = strconv.Atoi(string(digits[i+1:]))
			digits = digits[:i]
			break
		}
	}
	if v != 0 && (exponent >= 15 || exponent < -15) {
		dst = append(append(dst, digits...), 'e')
		return strconv.AppendInt(dst, int64(exponent), 10)
	}
	dst = strconv.AppendFloat(dst, v, 'f', -1, 64)
	for _, c := range dst[start:] {
		if c == '.' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

// appendJSONOpaque appends a value of a type that JSON has not: numbers stay
// numbers, times become strings, anything else is base64 with its type.
func appendJSONOpaque(dst, b []byte) ([]byte, error) {
	if len(b) == 0 {
		return dst, errJSONShort
	}
	typ := b[0]
	data, _, err := jsonData(b[1:])
	if err != nil {
		return dst, err
	}
	switch typ {
	case change.TypeNewDecimal:
		if len(data) < 2 {
			return dst, errJSONShort
		}
		return appendDecimal(dst, data[2:], int(data[0]), int(data[1]))
	case change.TypeDate, change.TypeDatetime, change.TypeTimestamp, change.TypeTime:
		if len(data) != 8 {
			return dst, errJSONShort
		}
		return appendJSONTime(dst, typ, int64(binary.LittleEndian.Uint64(data))), nil
	}
	dst = append(dst, `"base64:type`...)
	dst = strconv.AppendUint(dst, uint64(typ), 10)
	dst = append(dst, ':')
	for len(data) > 57 { // the server breaks lines after 76 characters, and prints the break
		dst = append(base64.StdEncoding.AppendEncode(dst, data[:57]), `\n`...)
		data = data[57:]
	}
	return append(base64.StdEncoding.AppendEncode(dst, data), '"'), nil
}

// appendJSONTime appends a packed time: 24 bits of microseconds at the end.
func appendJSONTime(dst []byte, typ byte, v int64) []byte {
	dst = append(dst, '"')
	if v < 0 {
		v = -v
		if typ == change.TypeTime {
			dst = append(dst, '-')
		}
	}
	whole, micros := uint64(v)>>24, uint64(v)&(1<<24-1)
	switch typ {
	case change.TypeTime:
		dst = appendFraction(appendClock(dst, whole>>12&1023, whole>>6&63, whole&63), micros, 6)
	case change.TypeDate:
		ym := whole >> 22
		dst = appendDate(dst, ym/13, ym%13, whole>>17&31)
	default:
		dst = appendFraction(appendDatetime(dst, whole), micros, 6)
	}
	return append(dst, '"')
}
