package dsl

import (
	"errors"
	"strings"

	"github.com/tidegate-io/tidegate/dsl/internal/literal"
	"github.com/tidegate-io/tidegate/internal/spec"
)

var tableSchema = &schema{kind: "table", label: "name", many: true, attrs: optional("rename", "where", "columns")}

func (b *body) table() spec.TableRule {
	t := spec.TableRule{
		Name:    b.label,
		Rename:  b.name("rename"),
		Columns: b.strings("columns", nil, literal.Identifier),
	}
	t.Where, _ = checked(b, "where", "", condition)
	if err := literal.Identifier(t.Name); err != nil && b.label != "" {
		b.fail(b.label0, "Invalid table", "%q %v.", t.Name, err)
	}
	if literal.IsPattern(t.Name) {
		b.fail(b.label0, "Invalid table", "A table block is for one table; select by patterns with tables and except of the database.")
		t.Name = ""
	}
	if b.emptyList("columns") {
		b.reject("columns", "An empty list leaves no column; name the columns to be moved, or leave the argument out.")
	}
	if t.Rename == t.Name && t.Rename != "" {
		b.reject("rename", "This is the name the table has already; leave the argument out.")
	}
	return t
}

// condition refuses what cannot be one SQL condition; the rest is the server's
// to judge.
func condition(s string) (string, error) {
	switch trimmed := strings.TrimSpace(s); {
	case trimmed == "":
		return "", errors.New("is empty; leave the argument out to move all rows")
	case strings.HasPrefix(strings.ToLower(trimmed), "where "):
		return "", errors.New("begins with WHERE; write the condition only")
	case strings.HasSuffix(trimmed, ";"):
		return "", errors.New("ends with a semicolon; write the condition only")
	default:
		return trimmed, nil
	}
}
