package snapshot

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// paging is the key a table's ranges follow. The server alone orders and
// compares its values; they pass through here as the literals it made.
type paging struct {
	key   string // index name
	parts []part
}

type part struct {
	col  *schema.Column
	form form
	desc bool
}

// form is how a key value is read and written as a literal.
type form int

const (
	unpageable form = iota
	integer         // digits
	decimal         // digits
	number          // ENUM, SET and BIT: by their number
	quoted          // temporal types and MariaDB's own, by their text
	text            // bytes with the column's character set
	raw             // bytes
)

var forms = map[string]form{
	"tinyint": integer, "smallint": integer, "mediumint": integer, "int": integer, "bigint": integer,
	"enum": number, "set": number, "bit": number, "year": quoted,
	"decimal": decimal, "date": quoted, "time": quoted, "datetime": quoted, "timestamp": quoted,
	"uuid": quoted, "inet4": quoted, "inet6": quoted,
	"char": text, "varchar": text, "tinytext": text, "text": text, "mediumtext": text, "longtext": text,
	"binary": raw, "varbinary": raw, "tinyblob": raw, "blob": raw, "mediumblob": raw, "longblob": raw,
}

func formOf(c *schema.Column) form {
	f := forms[c.DataType]
	if f == text && c.Charset == "" {
		return raw
	}
	return f
}

// choosePaging returns the key by which a table is read in ranges: the primary
// key, else the first unique key over whole NOT NULL columns, of types whose
// values can stand as literals. It is nil for tables that must be read at once:
// without such a key, or where it holds FLOAT or DOUBLE, whose printed values
// are no exact bounds.
func choosePaging(t *schema.Table) *paging {
	var best *paging
	for i := range t.Keys {
		p := pagingBy(t, &t.Keys[i])
		switch {
		case p == nil:
		case p.parts[0].form == integer && len(p.parts) == 1, t.Keys[i].Name == "PRIMARY":
			return p // keys come primary first
		case best == nil:
			best = p
		}
	}
	return best
}

func pagingBy(t *schema.Table, k *schema.Key) *paging {
	if !k.Unique || k.WithoutOverlaps || k.Kind != "" || !k.Visible || len(k.Parts) == 0 {
		return nil
	}
	p := &paging{key: k.Name}
	for _, kp := range k.Parts {
		c, _ := t.Column(kp.Column)
		if kp.Column == "" || kp.Prefix > 0 || c == nil || c.Nullable || c.Generation != schema.Plain || formOf(c) == unpageable {
			return nil
		}
		p.parts = append(p.parts, part{col: c, form: formOf(c), desc: kp.Desc})
		if t.CutsRanges(c) { // rows of one bound are of one range
			break
		}
	}
	return p
}

// PageColumn returns the index of the column whose values the gate compares with
// what is handed out, -1 if the table's key is of a kind nobody but the server
// compares.
func PageColumn(t *schema.Table) int {
	p := choosePaging(t)
	if p == nil || !p.comparable() {
		return -1
	}
	_, i := t.Column(p.parts[0].col.Name)
	return i
}

// same reports whether bounds of one are bounds of the other.
func (p *paging) same(o *paging) bool {
	if o == nil {
		return false
	}
	return slices.EqualFunc(p.parts, o.parts, func(a, b part) bool {
		return a.form == b.form && a.desc == b.desc && strings.EqualFold(a.col.Name, b.col.Name) && a.col.Type == b.col.Type && a.col.Collation == b.col.Collation
	})
}

// describe says of what the literals of a key are. Names are left out: a column
// that is renamed keeps its values.
func (p *paging) describe() string {
	out := make([]string, len(p.parts))
	for i, q := range p.parts {
		out[i] = strings.TrimSpace(q.col.Type + " " + q.col.Collation)
	}
	return strings.Join(out, ", ")
}

// single reports whether the key is one integer column, which can be paged by
// arithmetic.
func (p *paging) single() bool { return len(p.parts) == 1 && p.parts[0].form == integer }

// comparable reports whether the key is one column whose values the applier may
// compare with a bound (skip rule).
func (p *paging) comparable() bool {
	return len(p.parts) == 1 && (p.parts[0].form == integer || p.parts[0].form == raw && strings.HasSuffix(p.parts[0].col.DataType, "binary"))
}

// selectList reads the key so that literal can make literals of it.
func (p *paging) selectList() string { return strings.Join(p.selected(), ", ") }

// selected are the expressions of selectList.
func (p *paging) selected() []string {
	var out []string
	for _, q := range p.parts {
		name := mysql.Ident(q.col.Name)
		switch q.form {
		case number:
			name += "+0"
		case text, raw:
			name = "HEX(" + name + ")"
		}
		out = append(out, name)
	}
	return out
}

// literal makes the literal of a key value as selectList reads it.
func (q part) literal(v []byte) string {
	switch q.form {
	case integer, decimal, number:
		return string(v)
	case text:
		if len(v) == 0 {
			return "_" + q.col.Charset + "''"
		}
		return "_" + q.col.Charset + " X'" + string(v) + "'"
	case raw:
		if len(v) == 0 {
			return "''"
		}
		return "X'" + string(v) + "'"
	default: // ASCII text of the server's own making
		return "_latin1" + mysql.String(string(v))
	}
}

func (p *paging) bound(values [][]byte) ledger.Bound {
	b := make(ledger.Bound, len(values))
	for i, v := range values {
		b[i] = p.parts[i].literal(v)
	}
	return b
}

func (p *paging) orderBy() string {
	var out []string
	for _, q := range p.parts {
		name := mysql.Ident(q.col.Name)
		if q.desc {
			name += " DESC"
		}
		out = append(out, name)
	}
	return strings.Join(out, ", ")
}

// after is the condition that a key lies behind a bound in paging order.
func (p *paging) after(b ledger.Bound) string { return p.compare(b, ">", "<", false) }

// upTo is the condition that a key lies before a bound or on it.
func (p *paging) upTo(b ledger.Bound) string { return p.compare(b, "<", ">", true) }

// compare spells a tuple comparison out, since the optimizer of older servers
// does not use an index for (a, b) > (1, 2). The outer condition on the first
// part is implied by the rest and gives it the range.
func (p *paging) compare(b ledger.Bound, asc, desc string, orEqual bool) string {
	cond := ""
	for i := len(p.parts) - 1; i >= 0; i-- {
		name, op := mysql.Ident(p.parts[i].col.Name), asc
		if p.parts[i].desc {
			op = desc
		}
		switch {
		case cond == "" && orEqual:
			cond = fmt.Sprintf("%s %s= %s", name, op, b[i])
		case cond == "":
			cond = fmt.Sprintf("%s %s %s", name, op, b[i])
		default:
			cond = fmt.Sprintf("(%s %s %s OR (%s = %s AND %s))", name, op, b[i], name, b[i], cond)
			if i == 0 {
				cond = fmt.Sprintf("%s %s= %s AND %s", name, op, b[i], cond)
			}
		}
	}
	return cond
}

// between is the condition of a range; "" means all rows.
func (p *paging) between(lower, upper ledger.Bound) string {
	switch {
	case lower == nil && upper == nil:
		return ""
	case lower == nil:
		return p.upTo(upper)
	case upper == nil:
		return p.after(lower)
	default:
		return p.after(lower) + " AND " + p.upTo(upper)
	}
}

// above returns the test whether a key value in the log's form lies behind a
// bound in paging order; nil where such values are not compared.
func (p *paging) above(b ledger.Bound) func(raw []byte) bool {
	if b == nil || !p.comparable() {
		return nil
	}
	q := p.parts[0]
	var cmp func(raw []byte) int
	if q.form == integer {
		cmp = compareInteger(b[0], q.col.Unsigned)
	} else {
		cmp = compareBytes(b[0], q.col)
	}
	if cmp == nil {
		return nil
	}
	if q.desc {
		return func(raw []byte) bool { return cmp(raw) < 0 }
	}
	return func(raw []byte) bool { return cmp(raw) > 0 }
}

// compareInteger compares the log's little-endian integers with a literal.
func compareInteger(literal string, unsigned bool) func(raw []byte) int {
	if unsigned {
		bound, err := strconv.ParseUint(literal, 10, 64)
		if err != nil {
			return nil
		}
		return func(raw []byte) int { return order(littleEndian(raw), bound) }
	}
	bound, err := strconv.ParseInt(literal, 10, 64)
	if err != nil {
		return nil
	}
	return func(raw []byte) int {
		shift := 64 - 8*len(raw)
		return order(int64(littleEndian(raw)<<shift)>>shift, bound)
	}
}

func littleEndian(raw []byte) uint64 {
	var v uint64
	for i, b := range raw {
		v |= uint64(b) << (8 * i)
	}
	return v
}

func order[T int64 | uint64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// compareBytes compares the log's byte strings with a literal. The log cuts the
// zeros at the end of BINARY values; in the table they count.
func compareBytes(literal string, c *schema.Column) func(raw []byte) int {
	bound, err := hex.DecodeString(strings.Trim(strings.TrimPrefix(literal, "X"), "'"))
	if err != nil {
		return nil
	}
	if c.DataType == "binary" {
		bound = trimZeros(bound)
		return func(raw []byte) int { return slices.Compare(trimZeros(raw), bound) }
	}
	return func(raw []byte) int { return slices.Compare(raw, bound) }
}

func trimZeros(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return b
}
