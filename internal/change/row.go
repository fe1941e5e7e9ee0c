package change

import (
	"encoding/binary"
	"fmt"
)

// Type codes of the log that cutting a row needs.
const (
	TypeDecimalOld        = 0x00
	TypeTiny              = 0x01
	TypeShort             = 0x02
	TypeLong              = 0x03
	TypeFloat             = 0x04
	TypeDouble            = 0x05
	TypeNull              = 0x06
	TypeTimestamp         = 0x07
	TypeLongLong          = 0x08
	TypeInt24             = 0x09
	TypeDate              = 0x0a
	TypeTime              = 0x0b
	TypeDatetime          = 0x0c
	TypeYear              = 0x0d
	TypeNewDate           = 0x0e
	TypeVarchar           = 0x0f
	TypeBit               = 0x10
	TypeTimestamp2        = 0x11
	TypeDatetime2         = 0x12
	TypeTime2             = 0x13
	TypeBlobCompressed    = 0x8c // MariaDB
	TypeVarcharCompressed = 0x8d // MariaDB
	TypeVector            = 0xf2
	TypeJSON              = 0xf5
	TypeNewDecimal        = 0xf6
	TypeEnum              = 0xf7
	TypeSet               = 0xf8
	TypeTinyBlob          = 0xf9
	TypeMediumBlob        = 0xfa
	TypeLongBlob          = 0xfb
	TypeBlob              = 0xfc
	TypeVarString         = 0xfd
	TypeString            = 0xfe
	TypeGeometry          = 0xff
)

const null = ^uint32(0)

// Span is where one value lies in a row's data; a null value has none.
type Span struct{ start, end uint32 }

// Row is one row image in the log's binary form. The zero Row is no image. Data
// and spans may be shared with other rows of the same event: read only.
type Row struct {
	data  []byte
	spans []Span
}

// Len returns the number of columns; 0 for no image.
func (r Row) Len() int { return len(r.spans) }

// Null reports whether column i is NULL.
func (r Row) Null(i int) bool { return r.spans[i].start == null }

// Value returns column i without its length prefix. It is nil for NULL.
func (r Row) Value(i int) []byte {
	s := r.spans[i]
	if s.start == null {
		return nil
	}
	return r.data[s.start:s.end:s.end]
}

// Image is the whole image as the log has it, null bits first: what Cut took.
func (r Row) Image() []byte { return r.data }

// Size is the number of bytes the values take.
func (r Row) Size() int {
	n := 0
	for _, s := range r.spans {
		n += int(s.end - s.start)
	}
	return n
}

// Cut takes one full row image from the start of data: the null bits, then the
// values. spans must have one entry per column and is filled and kept by the
// row. It returns the row and how many bytes it took.
func (t *TableMap) Cut(data []byte, spans []Span) (Row, int, error) {
	n := len(t.Types)
	pos := (n + 7) / 8
	if len(data) < pos {
		return Row{}, 0, fmt.Errorf("row image of %s.%s ends inside its null bits", t.Schema, t.Name)
	}
	for i := range n {
		if data[i/8]&(1<<(i%8)) != 0 {
			spans[i] = Span{null, null}
			continue
		}
		skip, size, err := valueSize(t.Types[i], t.Meta[i], data[pos:])
		if err != nil {
			return Row{}, 0, fmt.Errorf("row image of %s.%s, column %d: %w", t.Schema, t.Name, i+1, err)
		}
		start := pos + skip
		if start+size > len(data) {
			return Row{}, 0, fmt.Errorf("row image of %s.%s ends inside column %d", t.Schema, t.Name, i+1)
		}
		spans[i] = Span{uint32(start), uint32(start + size)}
		pos = start + size
	}
	return Row{data: data[:pos:pos], spans: spans}, pos, nil
}

// RealType resolves the two types that hide in a CHAR's metadata: it returns
// the real type code and the length in bytes that goes with it.
func RealType(code byte, meta uint16) (byte, int) {
	if code != TypeString || meta < 256 {
		return code, int(meta)
	}
	b0, b1 := byte(meta>>8), int(meta&0xff)
	if b0&0x30 != 0x30 { // two bits of a long CHAR's length live in the type byte
		return b0 | 0x30, b1 | (int(b0&0x30)^0x30)<<4
	}
	return b0, b1
}

// valueSize returns the bytes of length prefix before a value and of the value.
func valueSize(code byte, meta uint16, data []byte) (skip, size int, err error) {
	code, length := RealType(code, meta)
	switch code {
	case TypeNull:
		return 0, 0, nil
	case TypeTiny, TypeYear:
		return 0, 1, nil
	case TypeShort:
		return 0, 2, nil
	case TypeInt24, TypeDate, TypeNewDate, TypeTime:
		return 0, 3, nil
	case TypeLong, TypeFloat, TypeTimestamp:
		return 0, 4, nil
	case TypeLongLong, TypeDouble, TypeDatetime:
		return 0, 8, nil
	case TypeTimestamp2:
		return 0, 4 + (int(meta)+1)/2, nil
	case TypeDatetime2:
		return 0, 5 + (int(meta)+1)/2, nil
	case TypeTime2:
		return 0, 3 + (int(meta)+1)/2, nil
	case TypeNewDecimal:
		return 0, DecimalSize(int(meta>>8), int(meta&0xff)), nil
	case TypeBit:
		return 0, (int(meta>>8)*8 + int(meta&0xff) + 7) / 8, nil
	case TypeEnum, TypeSet:
		return 0, length & 0xff, nil
	case TypeString, TypeVarchar, TypeVarString, TypeVarcharCompressed:
		prefix := 1
		if length > 255 {
			prefix = 2
		}
		size, err = prefixed(data, prefix)
		return prefix, size, err
	case TypeBlob, TypeTinyBlob, TypeMediumBlob, TypeLongBlob, TypeBlobCompressed, TypeJSON, TypeGeometry, TypeVector:
		size, err = prefixed(data, int(meta))
		return int(meta), size, err
	default:
		return 0, 0, fmt.Errorf("type code %d is not known", code)
	}
}

func prefixed(data []byte, n int) (int, error) {
	if n < 1 || n > 4 || len(data) < n {
		return 0, fmt.Errorf("length prefix of %d bytes in %d", n, len(data))
	}
	var b [4]byte
	copy(b[:], data[:n])
	return int(binary.LittleEndian.Uint32(b[:])), nil
}

// digitBytes is how many bytes a decimal's left-over digits take, after as many
// groups of nine (four bytes each) as fit.
var digitBytes = [10]int{0, 1, 1, 2, 2, 3, 3, 4, 4, 4}

// DecimalSize is the number of bytes of a DECIMAL(precision, scale) in the log.
func DecimalSize(precision, scale int) int {
	whole := precision - scale
	return whole/9*4 + digitBytes[whole%9] + scale/9*4 + digitBytes[scale%9]
}
