package schema_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// TestKeysAreTheServers stores rows, reads their images, and wants a unique key
// over each type to let in exactly the rows whose encoded keys are new.
func TestKeysAreTheServers(t *testing.T) {
	cases := []struct {
		ddl, part string
		prefix    int
		values    []string
	}{
		{ddl: "VARCHAR(20) COLLATE utf8mb4_general_ci", values: []string{"'a'", "'A'", "'a '", "'á'", "''", "' '", "'b'", "'a\\0'", "'ß'", "'s'", "'ss'"}},
		{ddl: "CHAR(20) COLLATE utf8mb4_general_ci", values: []string{"'a'", "'A'", "'a '", "'á'", "''", "' '"}},
		{ddl: "VARCHAR(20) COLLATE utf8mb4_unicode_ci", values: []string{"'a'", "'A '", "'ß'", "'ss'", "'ae'", "'æ'", "''", "'\u00ad'", "'a\u00ad'"}},
		{ddl: "VARCHAR(20) COLLATE utf8mb4_general_ci", part: "v(2)", prefix: 2, values: []string{"'ab'", "'abc'", "'ABd'", "'áb'", "'a'", "'a '", "'a  x'", "'日本語'", "'日本'", "'日'"}},
		{ddl: "VARCHAR(20) COLLATE utf8mb4_bin", values: []string{"'a'", "'A'", "'a '", "'a  '"}},
		{ddl: "TEXT CHARACTER SET latin1 COLLATE latin1_swedish_ci", part: "v(3)", prefix: 3, values: []string{"'abc'", "'ABCD'", "'ab'", "'ab '", "'\u00e9'", "'e'", "'\u00dc'", "'y'"}},
		{ddl: "BINARY(4)", values: []string{"x'01'", "x'0100'", "x'01000000'", "x''", "x'0001'"}},
		{ddl: "BINARY(4)", part: "v(2)", prefix: 2, values: []string{"x'01'", "x'010001'", "x'0102'", "x'010203'"}},
		{ddl: "VARBINARY(8)", values: []string{"x'01'", "x'0100'", "x''", "x'00'", "' '", "'a'", "'A'"}},
		{ddl: "BLOB", part: "v(2)", prefix: 2, values: []string{"x'01'", "x'0100'", "x'010001'", "x''"}},
		{ddl: "DECIMAL(10,2)", values: []string{"0", "-0.001", "1", "1.00", "-1", "1.005"}},
		{ddl: "DOUBLE", values: []string{"0", "'-0'", "1e0", "-1e0"}},
		{ddl: "FLOAT", values: []string{"0", "'-0'", "1.1", "1.1000001e0", "16777216", "16777217"}},
		{ddl: "INT", values: []string{"0", "-1", "1"}},
		{ddl: "DATETIME(2)", values: []string{"'2024-01-01 00:00:00.001'", "'2024-01-01 00:00:00'", "'0000-00-00'"}},
		{ddl: "TIME(3)", values: []string{"'-00:00:01'", "'00:00:01'", "'-00:00:01.5'"}},
		{ddl: "ENUM('a','b')", values: []string{"1", "2", "1"}},
		{ddl: "SET('a','b')", values: []string{"1", "2", "3", "'b,a'"}},
		{ddl: "BIT(9)", values: []string{"1", "256", "257", "1"}},
		{ddl: "YEAR", values: []string{"'0000'", "2000", "1999"}},
	}
	for _, flavor := range dbtest.Flavors {
		t.Run(string(flavor), func(t *testing.T) {
			p := newPeer(t, flavor)
			start := p.mark(t)
			for i, c := range cases {
				part := c.part
				if part == "" {
					part = "v"
				}
				p.exec(t, p.text, fmt.Sprintf("CREATE TABLE k%d (id INT PRIMARY KEY, v %s)", i, c.ddl))
				p.exec(t, p.text, fmt.Sprintf("CREATE TABLE u%d (id INT PRIMARY KEY, v %s, UNIQUE (%s))", i, c.ddl, part))
				for j, v := range append(c.values, "NULL", "NULL") {
					p.exec(t, p.text, fmt.Sprintf("INSERT INTO k%d VALUES (%d, %s)", i, j, v))
				}
				p.exec(t, p.text, fmt.Sprintf("INSERT IGNORE INTO u%d SELECT * FROM k%d ORDER BY id", i, i))
			}
			logged := p.inserts(t, start)
			for i, c := range cases {
				images, kept := logged[fmt.Sprintf("k%d", i)], logged[fmt.Sprintf("u%d", i)]
				id, v := p.column(t, fmt.Sprintf("k%d", i), "id"), p.column(t, fmt.Sprintf("k%d", i), "v")
				codecs := []*schema.Codec{codec(t, images[0], 0, id), codec(t, images[0], 1, v)}
				table := &schema.Table{Columns: []schema.Column{*id, *v}, Flavor: p.flavor}
				e, ok := schema.NewKeyEncoder(table, &schema.Key{Name: "u", Unique: true, Parts: []schema.KeyPart{{Column: "V", Prefix: c.prefix}}}, codecs)
				if !ok {
					t.Errorf("%s: no encoder", c.ddl)
					continue
				}
				var want, got []string
				for _, im := range kept {
					want = append(want, string(im.row.Value(0)))
				}
				seen := map[string]bool{}
				for _, im := range images {
					key, null, err := e.Append(nil, im.row)
					if err != nil {
						t.Fatal(err)
					}
					if null || !seen[string(key)] {
						got = append(got, string(im.row.Value(0)))
					}
					seen[string(key)] = true
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s %s: new keys at %q, the server keeps %q", c.ddl, c.part, got, want)
				}
			}
		})
	}
}

// TestKeysThatStaySerial lists what no encoder is made for.
func TestKeysThatStaySerial(t *testing.T) {
	text := func(collation string) schema.Column {
		return schema.Column{Name: "c", Type: "varchar(9)", DataType: "varchar", Charset: "utf8mb4", Collation: collation}
	}
	virtual := schema.Column{Name: "c", Type: "int", DataType: "int", Generation: schema.Virtual}
	number := schema.Column{Name: "c", Type: "int", DataType: "int"}
	latin := schema.Column{Name: "c", Type: "varchar(9)", DataType: "varchar", Charset: "latin1", Collation: "latin1_bin"}
	for name, c := range map[string]struct {
		col    schema.Column
		part   schema.KeyPart
		flavor mysql.Flavor
		want   bool
	}{
		"number":                  {number, schema.KeyPart{Column: "c"}, mysql.MySQL, true},
		"prefix of a number":      {number, schema.KeyPart{Column: "c", Prefix: 2}, mysql.MySQL, false},
		"known":                   {text("utf8mb4_general_ci"), schema.KeyPart{Column: "c"}, mysql.MariaDB, true},
		"newest":                  {text("utf8mb4_0900_ai_ci"), schema.KeyPart{Column: "c"}, mysql.MySQL, true},
		"newest name on MariaDB":  {text("utf8mb4_0900_ai_ci"), schema.KeyPart{Column: "c"}, mysql.MariaDB, false},
		"newest, unknown flavour": {text("utf8mb4_0900_ai_ci"), schema.KeyPart{Column: "c"}, "", false},
		"MariaDB's newest":        {text("utf8mb4_uca1400_ai_ci"), schema.KeyPart{Column: "c"}, mysql.MariaDB, false},
		"expression":              {text("utf8mb4_bin"), schema.KeyPart{Expression: "lower(c)"}, mysql.MySQL, false},
		"virtual":                 {virtual, schema.KeyPart{Column: "c"}, mysql.MySQL, false},
		"other column":            {text("utf8mb4_bin"), schema.KeyPart{Column: "d"}, mysql.MySQL, false},
	} {
		code, meta := byte(0x0f), uint16(36)
		if c.col.DataType == "int" {
			code, meta = 3, 0
		}
		codec, err := schema.NewCodec(&c.col, code, meta)
		if err != nil {
			t.Fatal(err)
		}
		table := &schema.Table{Columns: []schema.Column{c.col}, Flavor: c.flavor}
		key := schema.Key{Unique: true, Parts: []schema.KeyPart{c.part}}
		if _, got := schema.NewKeyEncoder(table, &key, []*schema.Codec{codec}); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		temporal, hashed := key, key
		temporal.WithoutOverlaps, hashed.Kind = true, "HASH"
		for _, key := range []*schema.Key{&temporal, &hashed} {
			if _, got := schema.NewKeyEncoder(table, key, []*schema.Codec{codec}); got {
				t.Errorf("%s: an encoder of %+v", name, key)
			}
		}
		table.Columns[0] = latin
		if _, got := schema.NewKeyEncoder(table, &key, []*schema.Codec{codec}); got {
			t.Errorf("%s: an encoder between %s and %s", name, c.col.Charset, latin.Charset)
		}
	}
}

// TestKeyParts: keys of several parts are equal only if each part is.
func TestKeyParts(t *testing.T) {
	table := &schema.Table{Flavor: mysql.MySQL, Columns: []schema.Column{
		{Name: "a", Type: "varbinary(20)", DataType: "varbinary", Length: 20}, {Name: "b", Type: "varbinary(20)", DataType: "varbinary", Length: 20}}}
	log := &change.TableMap{Types: []byte{change.TypeVarchar, change.TypeVarchar}, Meta: []uint16{20, 20}}
	var codecs []*schema.Codec
	for i := range table.Columns {
		c, err := schema.NewCodec(&table.Columns[i], log.Types[i], log.Meta[i])
		if err != nil {
			t.Fatal(err)
		}
		codecs = append(codecs, c)
	}
	e, ok := schema.NewKeyEncoder(table, &schema.Key{Unique: true, Parts: []schema.KeyPart{{Column: "a"}, {Column: "b"}}}, codecs)
	if !ok {
		t.Fatal("no encoder")
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("\x00\x00a")), 1, 8, -1).Draw(t, "text")
		at := rapid.IntRange(0, len(text))
		i, j := at.Draw(t, "i"), at.Draw(t, "j")
		if got := encoded(t, e, log, text[:i], text[i:]) == encoded(t, e, log, text[:j], text[j:]); got != (i == j) {
			t.Fatalf("%q, cut at %d and at %d: equal %v", text, i, j, got)
		}
	})
}

// encoded is the key of a row of short texts.
func encoded(t rapid.TB, e *schema.KeyEncoder, log *change.TableMap, values ...string) string {
	t.Helper()
	image := []byte{0}
	for _, v := range values {
		image = append(append(image, byte(len(v))), v...)
	}
	row, _, err := log.Cut(image, make([]change.Span, len(values)))
	if err != nil {
		t.Fatal(err)
	}
	key, null, err := e.Append(nil, row)
	if err != nil || null {
		t.Fatalf("null %v, %v", null, err)
	}
	return string(key)
}

// TestKeyOfShorterType: what a target keeps as CHAR has no spaces at its end, also
// where they would count.
func TestKeyOfShorterType(t *testing.T) {
	source := schema.Column{Name: "c", Type: "varchar(9)", DataType: "varchar", Charset: "utf8mb4", Collation: "utf8mb4_0900_ai_ci"}
	target := source
	log := &change.TableMap{Types: []byte{change.TypeVarchar}, Meta: []uint16{36}}
	codec, err := schema.NewCodec(&source, log.Types[0], log.Meta[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, target.DataType = range []string{"varchar", "char"} {
		table := &schema.Table{Flavor: mysql.MySQL, Columns: []schema.Column{target}}
		e, ok := schema.NewKeyEncoder(table, &schema.Key{Unique: true, Parts: []schema.KeyPart{{Column: "c"}}}, []*schema.Codec{codec})
		if !ok {
			t.Fatal("no encoder")
		}
		if got := encoded(t, e, log, "a  ") == encoded(t, e, log, "a"); got != (target.DataType == "char") {
			t.Errorf("%s: equal with and without spaces: %v", target.DataType, got)
		}
	}
}

// TestRowKey: a key tells rows apart only if no two rows can have the same, and the
// log has all of it.
func TestRowKey(t *testing.T) {
	columns := []schema.Column{{Name: "a"}, {Name: "b"}, {Name: "n", Nullable: true}, {Name: "v", Generation: schema.Virtual}, {Name: "s", Generation: schema.Stored}}
	unique := func(parts ...schema.KeyPart) schema.Key { return schema.Key{Name: "u", Unique: true, Parts: parts} }
	for name, c := range map[string]struct {
		change func(*schema.Key)
		key    schema.Key
		want   bool
	}{
		"two columns":      {key: unique(schema.KeyPart{Column: "a"}, schema.KeyPart{Column: "B"}), want: true},
		"not unique":       {key: schema.Key{Name: "u", Parts: []schema.KeyPart{{Column: "a"}}}},
		"may be NULL":      {key: unique(schema.KeyPart{Column: "a"}, schema.KeyPart{Column: "n"})},
		"first characters": {key: unique(schema.KeyPart{Column: "a", Prefix: 3})},
		"an expression":    {key: unique(schema.KeyPart{Expression: "a + 1"})},
		"virtual":          {key: unique(schema.KeyPart{Column: "v"})},
		"stored":           {key: unique(schema.KeyPart{Column: "a"}, schema.KeyPart{Column: "s"})},
		"unknown":          {key: unique(schema.KeyPart{Column: "x"})},
		"no part":          {key: unique()},
		"hashes":           {key: unique(schema.KeyPart{Column: "a"}), change: func(k *schema.Key) { k.Kind = "HASH" }},
		"periods":          {key: unique(schema.KeyPart{Column: "a"}), change: func(k *schema.Key) { k.WithoutOverlaps = true }},
	} {
		if c.change != nil {
			c.change(&c.key)
		}
		table := &schema.Table{Columns: columns, Keys: []schema.Key{c.key}}
		if got := table.RowKey() != nil; got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// Only where spaces count are equal keys apart, and only CHAR is filled up with them.
func TestCutsRanges(t *testing.T) {
	for _, tt := range []struct {
		flavor              mysql.Flavor
		dataType, collation string
		parted, cuts        bool
	}{
		{mysql.MySQL, "char", "utf8mb4_0900_ai_ci", true, true},
		{mysql.MySQL, "char", "utf8mb4_0900_ai_ci", false, false},
		{mysql.MySQL, "varchar", "utf8mb4_0900_ai_ci", true, false},
		{mysql.MySQL, "char", "utf8mb4_unicode_ci", true, false},
		{mysql.MariaDB, "char", "utf8mb4_unicode_nopad_ci", true, true},
		{mysql.MariaDB, "char", "utf8mb4_general_ci", true, false},
	} {
		table := &schema.Table{Flavor: tt.flavor, PartedByKey: tt.parted}
		if got := table.CutsRanges(&schema.Column{DataType: tt.dataType, Collation: tt.collation}); got != tt.cuts {
			t.Errorf("%+v: %t", tt, got)
		}
	}
}
