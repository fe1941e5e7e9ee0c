package structure

import (
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
)

// families are the types between which every server converts alike, by the words
// that begin a column's definition.
var families = func() map[string]string {
	out := map[string]string{}
	for family, names := range map[string]string{
		"integer": "TINYINT SMALLINT MEDIUMINT MIDDLEINT INT INTEGER BIGINT INT1 INT2 INT3 INT4 INT8 BOOL BOOLEAN SERIAL",
		"decimal": "DECIMAL DEC NUMERIC FIXED",
		"float":   "FLOAT FLOAT4 FLOAT8 DOUBLE REAL",
		"text":    "CHAR CHARACTER VARCHAR VARCHARACTER NCHAR NVARCHAR NATIONAL LONG TINYTEXT TEXT MEDIUMTEXT LONGTEXT",
		"binary":  "BINARY VARBINARY TINYBLOB BLOB MEDIUMBLOB LONGBLOB",
	} {
		for name := range strings.FieldsSeq(names) {
			out[name] = family
		}
	}
	return out
}()

// family is a type's, or its own name for all others.
func family(word string) string {
	word = strings.ToUpper(word)
	if f := families[word]; f != "" {
		return f
	}
	return word
}

// exact are conversions from one family to others that have one result only.
var exact = map[string]map[string]bool{
	"integer":  {"decimal": true, "float": true, "text": true},
	"decimal":  {"text": true},
	"DATE":     {"DATETIME": true, "text": true},
	"DATETIME": {"text": true},
	"TIME":     {"text": true},
	"YEAR":     {"text": true},
	"ENUM":     {"text": true},
	"SET":      {"text": true},
}

// conversion asks whether a column that gets the type at the beginning of tokens
// has the source's values afterwards. Flavours cut or round what does not fit,
// and print numbers, each in its own way.
func (a *alter) conversion(column string, tokens []sqltext.Token) {
	known, _ := a.pl.known(a.source)
	if known == nil || len(tokens) == 0 || !a.r.cross() {
		return
	}
	was, _ := known.Column(column)
	if was == nil || !was.Written() {
		return
	}
	from, to := family(was.DataType), family(tokens[0].Text)
	if from != to && !exact[from][to] {
		a.reasons = append(a.reasons, fmt.Sprintf("column %s, %s before, may get other values here than on the source", column, was.Type))
	}
}
