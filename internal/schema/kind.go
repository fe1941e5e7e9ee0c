package schema

import (
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/internal/change"
)

// kind groups column types by how their values are written.
type kind uint8

const (
	kindInt kind = iota + 1
	kindFloat
	kindDouble
	kindDecimal
	kindBit
	kindYear
	kindDate
	kindTime
	kindDatetime
	kindTimestamp
	kindText   // CHAR, VARCHAR, TEXT: bytes in the column's character set
	kindBinary // BINARY(n): padded with zero bytes
	kindBytes  // VARBINARY, BLOB
	kindEnum
	kindSet
	kindJSON // MySQL's own; MariaDB's JSON is LONGTEXT
	kindGeometry
	kindVector
	kindUUID
	kindInet6
	kindInet4
)

// class is what the type says: how values are written, and in which type codes
// the log carries them. width is the length of an integer, or of the length
// prefix of a BLOB.
type class struct {
	kind  kind
	codes string
	width int
}

var classes = map[string]class{
	"tinyint":            {kindInt, code(change.TypeTiny), 1},
	"smallint":           {kindInt, code(change.TypeShort), 2},
	"mediumint":          {kindInt, code(change.TypeInt24), 3},
	"int":                {kindInt, code(change.TypeLong), 4},
	"bigint":             {kindInt, code(change.TypeLongLong), 8},
	"float":              {kindFloat, code(change.TypeFloat), 0},
	"double":             {kindDouble, code(change.TypeDouble), 0},
	"decimal":            {kindDecimal, code(change.TypeNewDecimal), 0},
	"bit":                {kindBit, code(change.TypeBit), 0},
	"year":               {kindYear, code(change.TypeYear), 0},
	"date":               {kindDate, code(change.TypeDate, change.TypeNewDate), 0},
	"time":               {kindTime, code(change.TypeTime2, change.TypeTime), 0},
	"datetime":           {kindDatetime, code(change.TypeDatetime2, change.TypeDatetime), 0},
	"timestamp":          {kindTimestamp, code(change.TypeTimestamp2, change.TypeTimestamp), 0},
	"char":               {kindText, code(change.TypeString), 0},
	"varchar":            {kindText, code(change.TypeVarchar, change.TypeVarString), 0},
	"tinytext":           {kindText, code(change.TypeBlob), 1},
	"text":               {kindText, code(change.TypeBlob), 2},
	"mediumtext":         {kindText, code(change.TypeBlob), 3},
	"longtext":           {kindText, code(change.TypeBlob), 4},
	"binary":             {kindBinary, code(change.TypeString), 0},
	"varbinary":          {kindBytes, code(change.TypeVarchar, change.TypeVarString), 0},
	"tinyblob":           {kindBytes, code(change.TypeBlob), 1},
	"blob":               {kindBytes, code(change.TypeBlob), 2},
	"mediumblob":         {kindBytes, code(change.TypeBlob), 3},
	"longblob":           {kindBytes, code(change.TypeBlob), 4},
	"enum":               {kindEnum, code(change.TypeEnum), 0},
	"set":                {kindSet, code(change.TypeSet), 0},
	"json":               {kindJSON, code(change.TypeJSON), 4},
	"geometry":           {kindGeometry, code(change.TypeGeometry), 4},
	"point":              {kindGeometry, code(change.TypeGeometry), 4},
	"linestring":         {kindGeometry, code(change.TypeGeometry), 4},
	"polygon":            {kindGeometry, code(change.TypeGeometry), 4},
	"multipoint":         {kindGeometry, code(change.TypeGeometry), 4},
	"multilinestring":    {kindGeometry, code(change.TypeGeometry), 4},
	"multipolygon":       {kindGeometry, code(change.TypeGeometry), 4},
	"geomcollection":     {kindGeometry, code(change.TypeGeometry), 4},
	"geometrycollection": {kindGeometry, code(change.TypeGeometry), 4},
	"vector":             {kindVector, code(change.TypeVector, change.TypeVarchar), 0},
	"uuid":               {kindUUID, code(change.TypeString), 16},
	"inet6":              {kindInet6, code(change.TypeString), 16},
	"inet4":              {kindInet4, code(change.TypeString), 4},
}

func code(codes ...byte) string { return string(codes) }

func (c *Column) class() (class, error) {
	cl, ok := classes[strings.ToLower(c.DataType)]
	if !ok {
		return class{}, fmt.Errorf("column %s has the type %s, which is not known", c.Name, c.Type)
	}
	return cl, nil
}

// fits reports what is wrong with a type code of the log for this column.
func (c *Column) fits(cl class, logged byte, meta uint16) error {
	real, size := change.RealType(logged, meta)
	wrong := func(what string, got, want int) error {
		return fmt.Errorf("column %s is %s, but the log's %s is %d and not %d: the definition is not the one the row was written with", c.Name, c.Type, what, got, want)
	}
	if real == change.TypeBlobCompressed || real == change.TypeVarcharCompressed {
		return &compressedError{c.Name}
	}
	if strings.IndexByte(cl.codes, real) < 0 {
		return wrong("type code", int(real), int(cl.codes[0]))
	}
	switch real {
	case change.TypeBlob, change.TypeJSON, change.TypeGeometry:
		if int(meta) != cl.width {
			return wrong("length size", int(meta), cl.width)
		}
	case change.TypeNewDecimal:
		if p, s := int(meta>>8), int(meta&0xff); p != c.Precision || s != c.Scale {
			return wrong("precision*100+scale", p*100+s, c.Precision*100+c.Scale)
		}
	case change.TypeBit:
		if bits := int(meta>>8)*8 + int(meta&0xff); c.Precision != 0 && bits != c.Precision {
			return wrong("number of bits", bits, c.Precision)
		}
	case change.TypeTime2, change.TypeDatetime2, change.TypeTimestamp2:
		if int(meta) != c.Fraction {
			return wrong("number of fractional digits", int(meta), c.Fraction)
		}
	case change.TypeTime, change.TypeDatetime, change.TypeTimestamp:
		if c.Fraction != 0 {
			return fmt.Errorf("column %s is %s in the old temporal format, which the log does not describe: rebuild the table with mysql56_temporal_format=ON", c.Name, c.Type)
		}
	case change.TypeString:
		if cl.kind == kindBinary && c.Length != 0 && int64(size) != c.Length {
			return wrong("length", size, int(c.Length))
		}
		if cl.width != 0 && size != cl.width {
			return wrong("length", size, cl.width)
		}
	}
	return nil
}

// compressedError refuses MariaDB's COMPRESSED columns, whose values are
// compressed in the log, too.
type compressedError struct{ column string }

func (e *compressedError) Error() string {
	return fmt.Sprintf("column %s is COMPRESSED, and the log carries its values compressed", e.column)
}

// Hint says what can be done.
func (e *compressedError) Hint() string {
	return "change the column on the source so that it is not COMPRESSED, or leave the table out"
}
