package verify

import (
	"strings"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// lobTypes can exceed max_allowed_packet when they are joined with others, and
// then CONCAT gives NULL: their hash goes into the row's text instead.
var lobTypes = map[string]bool{
	"tinyblob": true, "blob": true, "mediumblob": true, "longblob": true, "tinytext": true, "text": true, "mediumtext": true, "longtext": true,
	"json": true, "vector": true, "geometry": true, "point": true, "linestring": true, "polygon": true, "multipoint": true, "multilinestring": true,
	"multipolygon": true, "geometrycollection": true, "geomcollection": true,
}

// columnText returns an SQL expression for the exact bytes of a column, which
// both flavours print alike, and whether their length varies freely. plain says
// that text needs no conversion to keep its bytes when columns are joined.
func columnText(c *schema.Column, plain bool) (expr string, varies bool) {
	id := mysql.Ident(c.Name)
	switch c.DataType {
	case "float", "double":
		return realText(id), false
	case "bit", "enum", "set": // arithmetic on a SET is one of doubles, which lose bits
		return "CONCAT(CAST(" + id + " AS UNSIGNED))", false
	case "json":
		return "CONVERT(CAST(" + id + " AS CHAR CHARACTER SET utf8mb4) USING binary)", true
	case "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection", "geomcollection", "vector":
		return "HEX(" + id + ")", true
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext":
		if plain {
			return id, true
		}
		return "CONVERT(" + id + " USING binary)", true
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		return id, true
	case "uuid", "inet4", "inet6":
		return "CONVERT(CAST(" + id + " AS CHAR) USING binary)", false
	default: // numbers and times: their plain text is exact and alike
		return id, false
	}
}

// plainText reports whether the texts of a table can be joined as they are: all
// have one character set, in which digits are the bytes of ASCII. Otherwise the
// server would convert some of them on the way. To convert each to a binary
// string costs a copy, which is a third of what a narrow row costs.
func plainText(columns []schema.Column) bool {
	first := ""
	for i := range columns {
		c := &columns[i]
		switch {
		case c.Charset == "" || c.DataType == "enum" || c.DataType == "set" || c.DataType == "json":
			continue
		case first == "":
			first = c.Charset + c.Collation
		case first != c.Charset+c.Collation:
			return false
		}
		switch c.Charset {
		case "utf8mb4", "utf8mb3", "utf8", "latin1", "ascii":
		default:
			return false
		}
	}
	return true
}

// realText returns an SQL expression for all the bits of a floating-point number.
// The text of a FLOAT has six digits; that of a DOUBLE is cut by MySQL where it
// is long, and MySQL and MariaDB write small numbers in different forms. So it is
// brought between 1 and 2^32 by powers of two, which is exact, and there its text
// is exact and alike. Half the exponent at a time: 2^1074 is no number.
func realText(id string) string {
	half := "FLOOR(LOG2(ABS(" + id + "))/32)*16"
	scale := "POW(2,-(" + half + "))"
	return "IF(" + id + "=0,CONCAT(" + id + "),CONCAT(" + id + "*" + scale + "*" + scale + ",'p'," + half + "))"
}

// rowText returns an SQL expression that maps rows to bytes one to one: the
// columns' bytes with separators, then the lengths of those that may hold a
// separator themselves, then which of them are NULL (CONCAT_WS leaves NULLs
// out). One of the lengths follows from the others and the text's own. unknown is the condition of rows of which a part has no text, "" if
// there are none.
func rowText(columns []schema.Column) (text, unknown string) {
	plain := plainText(columns)
	var values, lengths, nulls, unknowns []string
	for i := range columns {
		c := &columns[i]
		id := mysql.Ident(c.Name)
		part, varies := columnText(c, plain)
		if varies {
			lengths = append(lengths, "LENGTH("+part+")")
		}
		if strings.HasPrefix(part, "HEX(") { // NULL if it exceeds max_allowed_packet
			unknowns = append(unknowns, id+" IS NOT NULL AND "+part+" IS NULL")
		}
		if lobTypes[c.DataType] {
			part = "CONVERT(SHA2(" + part + ",256) USING binary)" // MariaDB joins no text of the session's with one of a column's
		}
		values = append(values, part)
		if c.Nullable || c.Generation != schema.Plain {
			nulls = append(nulls, "ISNULL("+id+")")
		}
	}
	parts := append(values, lengths[min(1, len(lengths)):]...)
	if len(nulls) > 0 {
		parts = append(parts, "CONCAT("+strings.Join(nulls, ",")+")")
	}
	return "CONCAT_WS(0x00," + strings.Join(parts, ",") + ")", strings.Join(unknowns, " OR ")
}

// rowHashSQL returns the SQL expression of a row's hash: the first 64 bits of
// SHA-256, the one strong function that every version of both flavours has. It
// is NULL for a row that could not be read as text.
func rowHashSQL(columns []schema.Column) string {
	text, unknown := rowText(columns)
	return unlessUnknown(unknown, "CAST(CONV(LEFT(SHA2("+text+",256),16),16,10) AS UNSIGNED)")
}

func unlessUnknown(unknown, hash string) string {
	if unknown == "" {
		return hash
	}
	return "IF(" + unknown + ",NULL," + hash + ")"
}

// digest is how the rows of a range are made one value.
type digest struct {
	list  string               // what is selected: how many rows, and the value
	whole func(aggregate) bool // every row had a part in it
}

// noHash stands in the sum for a row without a hash. No sum of hashes of one
// range comes near it, so that one look tells whether there are any, and the
// hash is computed once a row.
const noHash = "1000000000000000000000000000000000000000000"

// summed is the sum of the hashes, in which the order does not matter. Unlike
// with XOR, equal rows do not cancel each other.
func summed(columns []schema.Column) digest {
	return digest{"COUNT(*), COALESCE(SUM(COALESCE(" + rowHashSQL(columns) + "," + noHash + ")),0)",
		func(a aggregate) bool { return len(a.value) < len(noHash) }}
}

// xored is the XOR of all bits of the hashes, which costs MySQL a quarter less
// than the sum of a part of them. It is for tables of which the source's rows
// differ in a key: as many rows on the target that XOR to the same value are the
// same rows, for of rows that are there twice nothing is left. A row without a
// hash is an empty string, which MySQL refuses to XOR with others.
func xored(columns []schema.Column) digest {
	text, unknown := rowText(columns)
	return digest{"COUNT(*), HEX(BIT_XOR(COALESCE(" + unlessUnknown(unknown, "UNHEX(SHA2("+text+",256))") + ",X'')))",
		func(a aggregate) bool { return a.rows == 0 || len(a.value) == 64 }}
}

// unequalLengths is MySQL's number for strings that cannot be XORed.
const unequalLengths = 3513

// aggregate is what a digest selects.
type aggregate struct {
	rows  uint64
	value string
}
