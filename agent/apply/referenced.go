package apply

import (
	"context"
	"encoding/hex"
	"strings"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// value is one value of the target as literals.
type value struct{ compare, store string }

// referenced reads, under locks, the columns of the rows a cascade touches that
// further foreign keys reference, by lower-case name. It asks nothing if there
// are none.
func (l *lane) referenced(ctx context.Context, p *Plan, rules []cascadeRule, where string, flavor mysql.Flavor) ([]map[string]value, error) {
	var columns []*schema.Column
	seen := map[string]bool{}
	for _, r := range rules {
		for _, name := range r.child.Key.ParentCols {
			c, _ := p.Target.Column(name)
			if c != nil && !seen[strings.ToLower(name)] {
				seen[strings.ToLower(name)] = true
				columns = append(columns, c)
			}
		}
	}
	if len(columns) == 0 {
		return nil, nil
	}
	exprs, renders := make([]string, len(columns)), make([]schema.Selected, len(columns))
	for i, c := range columns {
		exprs[i] = schema.SelectExpr(c, flavor)
		var err error
		if renders[i], err = schema.NewSelected(c); err != nil {
			return nil, err
		}
	}
	q := "SELECT " + strings.Join(exprs, ",") + " FROM " + mysql.Table(p.Target.Schema, p.Target.Name) + " WHERE " + where + " FOR UPDATE"
	rows, err := l.conn.QueryContext(ctx, q)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []map[string]value
	texts := make([][]byte, len(columns))
	into := make([]any, len(columns))
	for i := range texts {
		into[i] = &texts[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row := make(map[string]value, len(columns))
		for i, c := range columns {
			if row[strings.ToLower(c.Name)], err = literals(c, renders[i], texts[i]); err != nil {
				return nil, err
			}
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// literals makes of a selected text what compares with the column's values and
// what stores one. Text must carry its character set to be compared by the
// column's collation; members of an ENUM or SET come as their number. = NULL
// matches nothing, as a foreign key does.
func literals(c *schema.Column, sel schema.Selected, text []byte) (value, error) {
	lit, err := sel.AppendLiteral(nil, text)
	if err != nil {
		return value{}, err
	}
	v := value{compare: string(lit), store: string(lit)}
	if text != nil && c.Charset != "" && c.DataType != "enum" && c.DataType != "set" {
		v.compare = "_" + c.Charset + " X'" + hex.EncodeToString(text) + "'"
	}
	return v, nil
}
