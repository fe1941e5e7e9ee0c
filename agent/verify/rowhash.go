package verify

import (
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// lobTypes can exceed max_allowed_packet when they are joined with others, and
// then CONCAT gives NULL: their checksum goes into the row's text instead.
var lobTypes = map[string]bool{
	"tinyblob": true, "blob": true, "mediumblob": true, "longblob": true, "tinytext": true, "text": true, "mediumtext": true, "longtext": true,
	"json": true, "vector": true, "geometry": true, "point": true, "linestring": true, "polygon": true, "multipoint": true, "multilinestring": true,
	"multipolygon": true, "geometrycollection": true, "geomcollection": true,
}

// columnText returns an SQL expression for the exact bytes of a column, which
// both flavours print alike, and whether their length varies freely.
func columnText(c *schema.Column) (expr string, varies bool) {
	id := mysql.Ident(c.Name)
	switch c.DataType {
	case "float": // its own text has six digits and hides the rest
		return "CONCAT(CAST(" + id + " AS DOUBLE))", false
	case "bit", "enum", "set":
		return "CONCAT(" + id + "+0)", false
	case "json":
		return "CONVERT(CAST(" + id + " AS CHAR CHARACTER SET utf8mb4) USING binary)", true
	case "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection", "geomcollection", "vector":
		return "HEX(" + id + ")", true
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext":
		return "CONVERT(" + id + " USING binary)", true
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		return id, true
	case "uuid", "inet4", "inet6":
		return "CONVERT(CAST(" + id + " AS CHAR) USING binary)", false
	default: // numbers and times: their plain text is exact and alike
		return id, false
	}
}

// rowText returns an SQL expression that maps rows to bytes one to one: the
// columns' bytes with separators, then the lengths of those that may hold a
// separator themselves, then which of them are NULL (CONCAT_WS leaves NULLs
// out).
func rowText(columns []schema.Column) string {
	var values, lengths, nulls []string
	for i := range columns {
		c := &columns[i]
		text, varies := columnText(c)
		if lobTypes[c.DataType] {
			values = append(values, "CRC32("+text+")", "CRC32(REVERSE("+text+"))")
		} else {
			values = append(values, text)
		}
		if varies {
			lengths = append(lengths, "LENGTH("+text+")")
		}
		if c.Nullable || c.Generation != schema.Plain {
			nulls = append(nulls, "ISNULL("+mysql.Ident(c.Name)+")")
		}
	}
	parts := append(values, lengths...)
	if len(nulls) > 0 {
		parts = append(parts, "CONCAT("+strings.Join(nulls, ",")+")")
	}
	return "CONCAT_WS(0x00," + strings.Join(parts, ",") + ")"
}

// sums returns the select list of the aggregates over rows of a table: the
// count, how many rows have a hash at all, and two order-free sums. Sums, not
// XOR: equal rows must not cancel each other. The second hash runs over the
// reversed bytes, which no linear relation ties to the first.
func sums(columns []schema.Column) string {
	text := rowText(columns)
	return fmt.Sprintf("COUNT(*), COUNT(CRC32(%[1]s)), COALESCE(SUM(CRC32(%[1]s)),0), COALESCE(SUM(CRC32(REVERSE(%[1]s))),0)", text)
}

// hashes returns the select list that gives one row's hash.
func hashes(columns []schema.Column) string {
	text := rowText(columns)
	return fmt.Sprintf("CRC32(%[1]s), CRC32(REVERSE(%[1]s))", text)
}

// aggregate is what sums selects.
type aggregate struct {
	rows, hashed uint64
	sum, reverse string // DECIMAL: may exceed 64 bits
}
