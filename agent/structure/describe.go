package structure

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// describe fills in columns and keys by one query each over all tables.
func describe(ctx context.Context, q mysql.Querier, server *mysql.Server, where string, tables []*Table) error {
	byID := make(map[schema.ID]*Table, len(tables))
	for _, t := range tables {
		byID[t.ID()] = t
	}
	if err := readColumns(ctx, q, server, where, byID); err != nil {
		return fmt.Errorf("read columns: %w", err)
	}
	if err := readKeys(ctx, q, server, where, byID); err != nil {
		return fmt.Errorf("read indexes: %w", err)
	}
	return nil
}

// conclude adds what the texts of described tables say, which information_schema
// does not say or says slowly.
func conclude(server *mysql.Server, tables []*Table) error {
	for _, t := range tables {
		if t.Create != "" {
			if err := t.fromText(); err != nil {
				return fmt.Errorf("table %s: %w", t.ID(), err)
			}
		}
		t.Keyless = t.Definition.RowKey() == nil
		t.Definition.Flavor = server.Flavor
		t.Definition.Compact()
	}
	return nil
}

func readColumns(ctx context.Context, q mysql.Querier, server *mysql.Server, where string, byID map[schema.ID]*Table) error {
	srid := "NULL"
	if server.Flavor == mysql.MySQL {
		srid = "SRS_ID"
	}
	rows, err := q.QueryContext(ctx, `SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_DEFAULT, IS_NULLABLE, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH,
		NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION, CHARACTER_SET_NAME, COLLATION_NAME, COLUMN_TYPE, EXTRA, GENERATION_EXPRESSION, `+srid+`
		FROM information_schema.COLUMNS WHERE `+where+` ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id schema.ID
		var c schema.Column
		var nullable string
		var def, charset, collation, expr sql.NullString
		var length, precision, scale, fraction, srs sql.NullInt64
		if err := rows.Scan(&id.Schema, &id.Name, &c.Name, &def, &nullable, &c.DataType, &length, &precision, &scale, &fraction,
			&charset, &collation, &c.Type, &c.Extra, &expr, &srs); err != nil {
			return err
		}
		t := byID[id]
		if t == nil {
			continue
		}
		c.Nullable, c.Charset, c.Collation, c.Expression = nullable == "YES", charset.String, collation.String, expr.String
		c.Length, c.Precision, c.Scale, c.Fraction = length.Int64, int(precision.Int64), int(scale.Int64), int(fraction.Int64)
		if def.Valid {
			c.Default = &def.String
		}
		if srs.Valid {
			n := uint32(srs.Int64)
			c.SRID = &n
		}
		normalise(&c)
		t.Definition.Columns = append(t.Definition.Columns, c)
	}
	return rows.Err()
}

// normalise reads the attributes that are told in words.
func normalise(c *schema.Column) {
	c.DataType = strings.ToLower(c.DataType)
	c.Compressed = strings.Contains(c.Type, "COMPRESSED")
	c.Type = withoutComments(c.Type)
	lower := strings.ToLower(c.Type)
	c.Unsigned = strings.Contains(lower, " unsigned") || strings.Contains(lower, " zerofill")
	if c.Charset == "binary" {
		c.Charset, c.Collation = "", ""
	}
	extra := strings.ToUpper(c.Extra)
	c.AutoInc = strings.Contains(extra, "AUTO_INCREMENT")
	c.Invisible = strings.Contains(extra, "INVISIBLE")
	switch {
	case c.Expression == "ROW START" || c.Expression == "ROW END":
		c.Generation = schema.RowTime
	case strings.Contains(extra, "VIRTUAL GENERATED"):
		c.Generation = schema.Virtual
	case strings.Contains(extra, "STORED GENERATED"), strings.Contains(extra, "PERSISTENT"):
		c.Generation = schema.Stored
	}
}

// withoutComments takes remarks off a column type: "time /* mariadb-5.3 */",
// "text /*M!100301 COMPRESSED*/". An enum's member may look like one.
func withoutComments(columnType string) string {
	t, err := sqltext.Lex(columnType, sqltext.Mode{})
	if err != nil || len(t.Tokens) == 0 || !strings.Contains(columnType, "/*") {
		return columnType
	}
	end := t.Tokens[len(t.Tokens)-1].End
	if len(t.Comments) > 0 {
		end = t.Comments[0].Start
	}
	return strings.TrimSpace(columnType[:end])
}

func readKeys(ctx context.Context, q mysql.Querier, server *mysql.Server, where string, byID map[schema.ID]*Table) error {
	more := "'YES', NULL"
	switch {
	case server.Flavor == mysql.MySQL && server.AtLeast(8, 0, 13):
		more = "IS_VISIBLE, EXPRESSION"
	case server.Flavor == mysql.MariaDB && server.AtLeast(10, 6, 0):
		more = "IF(IGNORED = 'YES', 'NO', 'YES'), NULL"
	}
	rows, err := q.QueryContext(ctx, `SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, NON_UNIQUE, SEQ_IN_INDEX, COLUMN_NAME, SUB_PART, COLLATION, INDEX_TYPE, `+more+`
		FROM information_schema.STATISTICS WHERE `+where+` ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id schema.ID
		var k schema.Key
		var p schema.KeyPart
		var nonUnique bool
		var seq int
		var column, order, expr sql.NullString
		var prefix sql.NullInt64
		var kind, visible string
		if err := rows.Scan(&id.Schema, &id.Name, &k.Name, &nonUnique, &seq, &column, &prefix, &order, &kind, &visible, &expr); err != nil {
			return err
		}
		t := byID[id]
		if t == nil {
			continue
		}
		k.Unique, k.Visible = !nonUnique, visible == "YES"
		if kind == "FULLTEXT" || kind == "SPATIAL" || kind == "VECTOR" {
			k.Kind = kind
		} else if kind == "HASH" && k.Unique && server.Flavor == mysql.MariaDB && t.Definition.Engine != "MEMORY" {
			k.Kind = kind
		}
		p.Column, p.Desc, p.Expression = column.String, order.String == "D", expr.String
		if k.Kind == "" {
			p.Prefix = int(prefix.Int64)
		}
		appendPart(t.Definition, k, p)
	}
	for _, t := range byID {
		slices.SortStableFunc(t.Definition.Keys, compareKeys)
	}
	return rows.Err()
}

func appendPart(def *schema.Table, k schema.Key, p schema.KeyPart) {
	for i := range def.Keys {
		if def.Keys[i].Name == k.Name {
			def.Keys[i].Parts = append(def.Keys[i].Parts, p)
			return
		}
	}
	k.Parts = []schema.KeyPart{p}
	def.Keys = append(def.Keys, k)
}

// compareKeys: the primary key, then unique keys, then others, each by name, so
// that the key that tells rows apart is the same in every reading.
func compareKeys(a, b schema.Key) int {
	rank := func(k schema.Key) int {
		switch {
		case k.Name == "PRIMARY":
			return 0
		case k.Unique:
			return 1
		}
		return 2
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a.Name, b.Name))
}

// fromText reads foreign keys, periods and reference systems, and adds the
// columns that a table with implicit system versioning has in the log only.
func (t *Table) fromText() error {
	d := t.Definition
	c, err := parseCreate(t.Create)
	if err != nil {
		return err
	}
	for _, words := range []string{"PARTITION BY KEY", "PARTITION BY LINEAR KEY", "SUBPARTITION BY KEY", "SUBPARTITION BY LINEAR KEY"} {
		d.PartedByKey = d.PartedByKey || sqltext.Has(c.options, words)
	}
	d.PartedByText = partedByText(d, c.options)
	for _, it := range c.items {
		switch it.kind {
		case itemForeignKey:
			d.ForeignKeys = append(d.ForeignKeys, it.foreignKey(d.Schema))
		case itemKey:
			if sqltext.Has(it.tokens, "WITHOUT OVERLAPS") {
				for i := range d.Keys {
					d.Keys[i].WithoutOverlaps = d.Keys[i].WithoutOverlaps || d.Keys[i].Name == it.name
				}
			}
		case itemColumn:
			if n, ok := it.number("REF_SYSTEM_ID"); ok {
				if col, _ := d.Column(it.name); col != nil {
					srid := uint32(n)
					col.SRID = &srid
				}
			}
		}
	}
	if d.SystemVersioned && !slices.ContainsFunc(d.Columns, func(c schema.Column) bool { return c.Generation == schema.RowTime }) {
		for _, name := range []string{"row_start", "row_end"} {
			d.Columns = append(d.Columns, schema.Column{Name: name, Type: "timestamp(6)", DataType: "timestamp", Fraction: 6,
				Generation: schema.RowTime, Invisible: true})
		}
	}
	return nil
}

// number finds "WORD=123" or "WORD 123" in an item.
func (it item) number(word string) (uint64, bool) {
	for i, tok := range it.tokens {
		if !tok.Is(word) || i+1 >= len(it.tokens) {
			continue
		}
		next := it.tokens[i+1]
		if next.Is("=") && i+2 < len(it.tokens) {
			next = it.tokens[i+2]
		}
		n, err := strconv.ParseUint(next.Text, 10, 32)
		return n, err == nil
	}
	return 0, false
}

// partedByText looks for text among the columns of RANGE and LIST COLUMNS.
func partedByText(d *schema.Table, options []sqltext.Token) bool {
	for at := range options {
		if !options[at].Is("COLUMNS") || at+1 >= len(options) || !options[at+1].Is("(") {
			continue
		}
		for _, one := range sqltext.Split(options[at+2 : sqltext.Close(options, at+1)]) {
			name, _ := (&sqltext.Cursor{T: one}).Name()
			if col, _ := d.Column(name.Name); col != nil && col.Charset != "" {
				return true
			}
		}
	}
	return false
}
