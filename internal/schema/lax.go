package schema

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// LaxMode is the sql_mode for statements that strict mode refuses although
// tables hold their rows: with a value that Codec.Lax or Selected.Lax names, or
// with values from which a generated column or a functional index cannot be
// computed without a loss, which their source computed in such a mode. OnlyLax
// tells whether the loss was nothing else.
const LaxMode = "NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION"

// Warnings that matter here.
const (
	dataTruncated   = 1265
	incorrectValue  = 1292
	divisionByZero  = 1365
	dateOverflow    = 1441
	invalidJSONCast = 3156
	indexTruncated  = 3751
)

// ofColumn finds the column that a warning names. MariaDB may name it with its
// database and table.
var ofColumn = regexp.MustCompile("(?s)(?:for column |^Column )(?:'(.+)'|(?:`.+`\\.)*`(.+)`)(?: at row \\d+| cannot be null)")

// Computes reports whether the server computes values out of those that
// statements write to the table.
func (t *Table) Computes() bool {
	return slices.ContainsFunc(t.Columns, func(c Column) bool { return c.computed() }) ||
		slices.ContainsFunc(t.Keys, func(k Key) bool {
			return slices.ContainsFunc(k.Parts, func(p KeyPart) bool { return p.Expression != "" })
		})
}

func (c *Column) computed() bool { return c.Generation == Virtual || c.Generation == Stored }

// ErrChanged says that a target stored another value than it was given.
var ErrChanged = errors.New("the target changed a value")

// OnlyLax returns ErrChanged, of class Data, if a statement in LaxMode warned of anything but what
// it was in that mode for: as many values as want that Codec.Lax or Selected.Lax
// names, and values the server computed.
func (t *Table) OnlyLax(warnings []mysql.Warning, want int) error {
	for _, w := range warnings {
		name := ""
		if m := ofColumn.FindStringSubmatch(w.Message); m != nil {
			name = m[1] + m[2]
		}
		c, _ := t.Column(name)
		switch {
		case c != nil && c.computed():
		case name == "" && t.Computes() && inExpressions[w.Number]:
		case w.Number == dataTruncated && want > 0:
			want--
		default:
			return &mysql.Error{Class: mysql.Data, Code: "value", Err: fmt.Errorf("table %s: %w (warning %d: %s)", t.ID(), ErrChanged, w.Number, w.Message),
				Remedy: "compare the table's definition on both sides; make the target's column take the value, then retry"}
		}
	}
	return nil
}

// inExpressions are the warnings that name no column. A literal that a column
// does not take never gives one of them.
var inExpressions = map[uint16]bool{incorrectValue: true, divisionByZero: true, dateOverflow: true, invalidJSONCast: true, indexTruncated: true}
