package change

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestCut cuts one value of each layout, with its type's metadata.
func TestCut(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 300)
	tests := []struct {
		name string
		code byte
		meta uint16
		raw  string // as in the log
		want string
	}{
		{"tinyint", TypeTiny, 0, "\x01", "\x01"},
		{"int", TypeLong, 0, "\x01\x02\x03\x04", "\x01\x02\x03\x04"},
		{"mediumint", TypeInt24, 0, "\x01\x02\x03", "\x01\x02\x03"},
		{"bigint", TypeLongLong, 0, "12345678", "12345678"},
		{"double", TypeDouble, 8, "12345678", "12345678"},
		{"float", TypeFloat, 4, "1234", "1234"},
		{"year", TypeYear, 0, "\x7b", "\x7b"},
		{"date", TypeDate, 0, "123", "123"},
		{"timestamp(0)", TypeTimestamp2, 0, "1234", "1234"},
		{"timestamp(3)", TypeTimestamp2, 3, "123456", "123456"},
		{"datetime(0)", TypeDatetime2, 0, "12345", "12345"},
		{"datetime(6)", TypeDatetime2, 6, "12345678", "12345678"},
		{"time(1)", TypeTime2, 1, "1234", "1234"},
		{"decimal(10,2)", TypeNewDecimal, 10<<8 | 2, "12345", "12345"},
		{"decimal(65,30)", TypeNewDecimal, 65<<8 | 30, string(long[:30]), string(long[:30])},
		{"bit(1)", TypeBit, 1, "\x01", "\x01"},
		{"bit(64)", TypeBit, 8 << 8, "12345678", "12345678"},
		{"bit(10)", TypeBit, 1<<8 | 2, "12", "12"},
		{"enum", TypeString, TypeEnum<<8 | 2, "12", "12"},
		{"set", TypeString, TypeSet<<8 | 8, "12345678", "12345678"},
		{"char(10)", TypeString, TypeString<<8 | 40, "\x03abc", "abc"},
		{"char(255) of 4 bytes", TypeString, 0xcefc, "\x03\x00abc", "abc"},
		{"varchar(50)", TypeVarchar, 200, "\x03abc", "abc"},
		{"varchar(300)", TypeVarchar, 1200, "\x2c\x01" + string(long), string(long)},
		{"empty", TypeVarchar, 200, "\x00", ""},
		{"tinyblob", TypeBlob, 1, "\x03abc", "abc"},
		{"mediumblob", TypeBlob, 3, "\x03\x00\x00abc", "abc"},
		{"json", TypeJSON, 4, "\x03\x00\x00\x00abc", "abc"},
		{"vector", TypeVector, 4, "\x04\x00\x00\x001234", "1234"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// Between two other columns, so that a wrong length shows.
			def := &TableMap{Schema: "s", Name: "t", Types: []byte{TypeTiny, tt.code, TypeLong}, Meta: []uint16{0, tt.meta, 0}}
			image := "\x00\x09" + tt.raw + "\xff\xfe\xfd\xfc"
			row, n, err := def.Cut([]byte(image+"rest"), make([]Span, 3))
			if err != nil || n != len(image) {
				t.Fatalf("took %d of %d bytes, %v", n, len(image), err)
			}
			got := []string{string(row.Value(0)), string(row.Value(1)), string(row.Value(2))}
			if diff := cmp.Diff([]string{"\x09", tt.want, "\xff\xfe\xfd\xfc"}, got); diff != "" {
				t.Error(diff)
			}
			if string(row.Image()) != image {
				t.Errorf("image %q", row.Image())
			}
			for cut := range len(image) {
				if _, _, err := def.Cut([]byte(image[:cut]), make([]Span, 3)); err == nil {
					t.Errorf("cut after %d bytes without an error", cut)
				}
			}
		})
	}
}

// TestCutNulls puts NULLs anywhere among up to 70 columns.
func TestCutNulls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Ptr(rapid.Int32(), true), 1, 70).Draw(t, "values")
		def := &TableMap{Types: bytes.Repeat([]byte{TypeLong}, len(values)), Meta: make([]uint16, len(values))}
		image := make([]byte, (len(values)+7)/8)
		for i, v := range values {
			if v == nil {
				image[i/8] |= 1 << (i % 8)
			} else {
				image = binary.LittleEndian.AppendUint32(image, uint32(*v))
			}
		}
		row, n, err := def.Cut(image, make([]Span, len(values)))
		if err != nil || n != len(image) {
			t.Fatalf("%d of %d bytes: %v", n, len(image), err)
		}
		size := 0
		for i, v := range values {
			if row.Null(i) != (v == nil) || v != nil && binary.LittleEndian.Uint32(row.Value(i)) != uint32(*v) {
				t.Fatalf("column %d is %v", i, row.Value(i))
			}
			size += len(row.Value(i))
		}
		if row.Size() != size || row.Len() != len(values) {
			t.Fatalf("size %d, %d columns", row.Size(), row.Len())
		}
	})
}

func TestCutUnknownType(t *testing.T) {
	for _, code := range []byte{20, 244, TypeDecimalOld} {
		def := &TableMap{Schema: "s", Name: "t", Types: []byte{code}, Meta: []uint16{0}}
		if _, _, err := def.Cut(make([]byte, 20), make([]Span, 1)); err == nil {
			t.Errorf("type %d was cut", code)
		}
	}
	if got := fmt.Sprint(DecimalSize(65, 30), DecimalSize(1, 0), DecimalSize(9, 9), DecimalSize(18, 9)); got != "30 1 4 8" {
		t.Errorf("decimal sizes %s", got)
	}
}
