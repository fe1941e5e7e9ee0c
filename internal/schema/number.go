package schema

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// appendInt appends a little-endian integer of one to eight bytes.
func appendInt(dst, raw []byte, unsigned bool) ([]byte, error) {
	n := len(raw)
	if n < 1 || n > 8 {
		return dst, fmt.Errorf("an integer of %d bytes", n)
	}
	u := littleEndian(raw)
	if unsigned {
		return strconv.AppendUint(dst, u, 10), nil
	}
	shift := 64 - 8*n
	return strconv.AppendInt(dst, int64(u<<shift)>>shift, 10), nil
}

func littleEndian(b []byte) uint64 {
	var u uint64
	for i := len(b) - 1; i >= 0; i-- {
		u = u<<8 | uint64(b[i])
	}
	return u
}

func bigEndian(b []byte) uint64 {
	var u uint64
	for _, x := range b {
		u = u<<8 | uint64(x)
	}
	return u
}

// appendBigEndian appends the number a BIT column holds.
func appendBigEndian(dst, raw []byte) ([]byte, error) {
	if len(raw) > 8 {
		return dst, fmt.Errorf("%d bytes of bits", len(raw))
	}
	return strconv.AppendUint(dst, bigEndian(raw), 10), nil
}

// realValue reads a FLOAT, which loses nothing as a float64, or a DOUBLE.
func realValue(raw []byte) (float64, error) {
	var v float64
	switch len(raw) {
	case 4:
		v = float64(math.Float32frombits(binary.LittleEndian.Uint32(raw)))
	case 8:
		v = math.Float64frombits(binary.LittleEndian.Uint64(raw))
	default:
		return 0, fmt.Errorf("a floating point number of %d bytes", len(raw))
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%v is not a number that can be written", v)
	}
	return v, nil
}

// appendReal appends a literal that gives back every bit.
func (c *Codec) appendReal(dst, raw []byte) ([]byte, error) {
	v, err := realValue(raw)
	if err != nil {
		return dst, c.fail(err)
	}
	if v == 0 && math.Signbit(v) {
		return append(dst, "'-0'"...), nil // as a number, MariaDB drops the sign
	}
	return strconv.AppendFloat(dst, v, 'e', -1, 64), nil
}

// appendRealText appends the shortest text that gives back every bit.
func appendRealText(dst, raw []byte) ([]byte, error) {
	v, err := realValue(raw)
	if err != nil {
		return dst, err
	}
	return strconv.AppendFloat(dst, v, 'g', -1, 64), nil
}

// digitBytes is how many bytes a decimal's digits take that are not part of a
// group of nine.
var digitBytes = [10]int{0, 1, 1, 2, 2, 3, 3, 4, 4, 4}

// appendDecimal appends a packed DECIMAL: groups of nine digits, big-endian, the
// first bit turned over, all bits turned over if negative.
func appendDecimal(dst, raw []byte, precision, scale int) ([]byte, error) {
	whole := precision - scale
	if whole < 0 || len(raw) != decimalSize(precision, scale) || len(raw) == 0 {
		return dst, fmt.Errorf("a DECIMAL(%d,%d) of %d bytes", precision, scale, len(raw))
	}
	var buf [40]byte // DECIMAL(65,30) takes 30
	b := append(buf[:0], raw...)
	negative := b[0]&0x80 == 0
	b[0] ^= 0x80
	if negative {
		for i := range b {
			b[i] = ^b[i]
		}
	}
	start := len(dst)
	if negative {
		dst = append(dst, '-')
	}
	first := len(dst)
	dst, b = appendDigits(dst, b, whole%9)
	for range whole / 9 {
		dst, b = appendDigits(dst, b, 9)
	}
	dst = trimZeros(dst, first)
	if len(dst) == first {
		dst = append(dst, '0')
	}
	if scale > 0 {
		dst = append(dst, '.')
		for range scale / 9 {
			dst, b = appendDigits(dst, b, 9)
		}
		dst, _ = appendDigits(dst, b, scale%9)
	}
	if negative && isZero(dst[first:]) {
		copy(dst[start:], dst[first:])
		dst = dst[:len(dst)-1]
	}
	return dst, nil
}

func decimalSize(precision, scale int) int {
	whole := precision - scale
	return whole/9*4 + digitBytes[whole%9] + scale/9*4 + digitBytes[scale%9]
}

// appendDigits appends one group of n digits and returns what follows it.
func appendDigits(dst, b []byte, n int) (out, rest []byte) {
	size := digitBytes[n]
	v := bigEndian(b[:size])
	for i := n - 1; i >= 0; i-- {
		dst = append(dst, byte('0'+v/pow10[i]%10))
	}
	return dst, b[size:]
}

var pow10 = [10]uint64{1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000}

// trimZeros removes the leading zeros of the digits from first on.
func trimZeros(dst []byte, first int) []byte {
	n := first
	for n < len(dst) && dst[n] == '0' {
		n++
	}
	return append(dst[:first], dst[n:]...)
}

func isZero(digits []byte) bool {
	for _, d := range digits {
		if d != '0' && d != '.' {
			return false
		}
	}
	return true
}
