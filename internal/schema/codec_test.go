package schema_test

import (
	"encoding/hex"
	"math/big"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// sample is one column of every kind with an image of a value, and what becomes
// of it.
type sample struct {
	col  schema.Column
	code byte
	meta uint16
	raw  string // hex

	literal, key, match string
}

func samples() []sample {
	col := func(typ string, more ...func(*schema.Column)) schema.Column {
		data, _, _ := strings.Cut(typ, "(")
		data, _, _ = strings.Cut(data, " ")
		c := schema.Column{Name: "c", Type: typ, DataType: data, Unsigned: strings.Contains(typ, "unsigned")}
		for _, f := range more {
			f(&c)
		}
		return c
	}
	charset := func(name string) func(*schema.Column) { return func(c *schema.Column) { c.Charset = name } }
	digits := func(p, s int) func(*schema.Column) { return func(c *schema.Column) { c.Precision, c.Scale = p, s } }
	fraction := func(n int) func(*schema.Column) { return func(c *schema.Column) { c.Fraction = n } }
	return []sample{
		{col: col("tinyint"), code: 1, raw: "ff", literal: "-1"},
		{col: col("tinyint unsigned"), code: 1, raw: "ff", literal: "255"},
		{col: col("mediumint"), code: 9, raw: "000080", literal: "-8388608"},
		{col: col("mediumint unsigned"), code: 9, raw: "ffffff", literal: "16777215"},
		{col: col("bigint unsigned"), code: 8, raw: "ffffffffffffffff", literal: "18446744073709551615"},
		{col: col("bigint"), code: 8, raw: "0000000000000080", literal: "-9223372036854775808"},
		{col: col("float"), code: 4, raw: "cdcc8c3f", literal: "1.100000023841858e+00", match: "`c` = 1.100000023841858e+00"},
		{col: col("float"), code: 4, raw: "00000080", literal: "'-0'", match: "(`c` = 0 AND (CAST(`c` AS CHAR) LIKE '-%' OR CAST('-0'*1e0 AS CHAR) NOT LIKE '-%'))"},
		{col: col("double"), code: 5, raw: "0100000000000000", literal: "5e-324"},
		{col: col("decimal(10,2)", digits(10, 2)), code: 0xf6, meta: 10<<8 | 2, raw: "7fffffffff", literal: "0.00"},
		{col: col("decimal(4,2)", digits(4, 2)), code: 0xf6, meta: 4<<8 | 2, raw: "7ef5", literal: "-1.10"},
		{col: col("bit(9)", digits(9, 0)), code: 0x10, meta: 1<<8 | 1, raw: "0101", literal: "257"},
		{col: col("year"), code: 0x0d, raw: "00", literal: "0000"},
		{col: col("date"), code: 0x0a, raw: "000000", literal: "'0000-00-00'"},
		{col: col("date"), code: 0x0a, raw: "210200", literal: "'0001-01-01'"},
		{col: col("time"), code: 0x0b, raw: "a9f8ff", literal: "'-00:18:79'"}, // old form: -1879 as a number
		{col: col("datetime"), code: 0x0c, raw: "0000000000000000", literal: "'0000-00-00 00:00:00'"},
		{col: col("timestamp"), code: 0x07, raw: "01000000", literal: "'1970-01-01 00:00:01'"},
		{col: col("timestamp"), code: 0x11, raw: "ffffffff", literal: "'2106-02-07 06:28:15'"},
		{col: col("time(1)", fraction(1)), code: 0x13, meta: 1, raw: "7ffffff6", literal: "'-00:00:00.1'"},
		{col: col("time(3)", fraction(3)), code: 0x13, meta: 3, raw: "7ffffffc18", literal: "'-00:00:00.100'"},
		{col: col("char(3)", charset("sjis")), code: 0xfe, meta: 0xfe06, raw: "955c27", literal: "'\x95\\\\\\''", key: "_sjis'\x95\\\\\\''", match: "(`c` = _sjis'\x95\\\\\\'' AND CAST(`c` AS BINARY) = '\x95\\\\\\'')"},
		{col: col("longtext", charset("utf8mb4")), code: 0xfc, meta: 4, raw: "", literal: "''", key: "_utf8mb4''"},
		{col: col("binary(4)"), code: 0xfe, meta: 0xfe04, raw: "01", literal: "'\x01'", key: "'\x01\\0\\0\\0'"},
		{col: col("varbinary(9)"), code: 0x0f, meta: 9, raw: "0100", literal: "'\x01\\0'"},
		{col: col("enum('a')"), code: 0xfe, meta: 0xf701, raw: "01", literal: "1"},
		{col: col("set('a')"), code: 0xfe, meta: 0xf808, raw: "ffffffffffffffff", literal: "18446744073709551615", key: "-1"},
		{col: col("json"), code: 0xf5, meta: 4, raw: "", literal: "_utf8mb4'null'", match: "CAST(`c` AS BINARY) = 'null'", key: "-"},
		{col: col("vector(1)"), code: 0xf2, meta: 2, raw: "0000803f", literal: "'\\0\\0\x80?'"},
		{col: col("uuid"), code: 0xfe, meta: 0xfe10, raw: "", literal: "_latin1'00000000-0000-0000-0000-000000000000'"},
		{col: col("inet4"), code: 0xfe, meta: 0xfe04, raw: "0a", literal: "_latin1'10.0.0.0'"},
		{col: col("inet6"), code: 0xfe, meta: 0xfe10, raw: "20010db8000000010001000100010001", literal: "_latin1'2001:db8::1:1:1:1:1'"},
	}
}

func TestLiterals(t *testing.T) {
	for _, s := range samples() {
		if s.literal == "" {
			continue
		}
		raw, _ := hex.DecodeString(s.raw)
		if raw == nil {
			raw = []byte{}
		}
		c, err := schema.NewCodec(&s.col, s.code, s.meta)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.AppendLiteral(nil, raw)
		if err != nil || string(got) != s.literal {
			t.Errorf("%s: literal %q, %v; want %q", s.col.Type, got, err, s.literal)
		}
		if want := s.key; want != "-" {
			if want == "" {
				want = s.literal
			}
			if got, err := c.AppendKey(nil, raw); err != nil || string(got) != want {
				t.Errorf("%s: key %q, %v; want %q", s.col.Type, got, err, want)
			}
		}
		if s.match != "" {
			if got, err := c.AppendMatch(nil, "`c`", raw); err != nil || string(got) != s.match {
				t.Errorf("%s: match %q, %v; want %q", s.col.Type, got, err, s.match)
			}
		}
		if got, _ := c.AppendLiteral(nil, nil); string(got) != "NULL" {
			t.Errorf("%s: nil is %q", s.col.Type, got)
		}
	}
}

// TestCodecRefuses wants an error where the log's type is not the column's.
func TestCodecRefuses(t *testing.T) {
	for name, s := range map[string]struct {
		col  schema.Column
		code byte
		meta uint16
		hint bool
	}{
		"another integer":   {col: schema.Column{Type: "int", DataType: "int"}, code: 8},
		"text for a number": {col: schema.Column{Type: "int", DataType: "int"}, code: 0x0f, meta: 20},
		"other digits":      {col: schema.Column{Type: "decimal(10,2)", DataType: "decimal", Precision: 10, Scale: 2}, code: 0xf6, meta: 10<<8 | 3},
		"other fraction":    {col: schema.Column{Type: "time(3)", DataType: "time", Fraction: 3}, code: 0x13, meta: 2},
		"old fraction":      {col: schema.Column{Type: "time(3)", DataType: "time", Fraction: 3}, code: 0x0b},
		"other blob":        {col: schema.Column{Type: "text", DataType: "text", Charset: "latin1"}, code: 0xfc, meta: 4},
		"set for an enum":   {col: schema.Column{Type: "enum('a')", DataType: "enum"}, code: 0xfe, meta: 0xf801},
		"other binary":      {col: schema.Column{Type: "binary(4)", DataType: "binary", Length: 4}, code: 0xfe, meta: 0xfe05},
		"shorter binary":    {col: schema.Column{Type: "binary(4)", DataType: "binary", Length: 4}, code: 0xfe, meta: 0xfe03},
		"no charset":        {col: schema.Column{Type: "text", DataType: "text"}, code: 0xfc, meta: 2},
		"unknown type":      {col: schema.Column{Type: "xmltype", DataType: "xmltype"}, code: 0xfc, meta: 2},
		"compressed text":   {col: schema.Column{Type: "text", DataType: "text", Charset: "latin1", Compressed: true}, code: 140, meta: 2, hint: true},
		"compressed string": {col: schema.Column{Type: "varchar(9)", DataType: "varchar", Charset: "latin1", Compressed: true}, code: 141, meta: 9, hint: true},
	} {
		_, err := schema.NewCodec(&s.col, s.code, s.meta)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		if _, ok := err.(interface{ Hint() string }); ok != s.hint {
			t.Errorf("%s: hint %v: %v", name, ok, err)
		}
	}
}

// TestCodecFor wants values of one type in another only where they stay the same.
func TestCodecFor(t *testing.T) {
	json := schema.Column{Name: "c", Type: "json", DataType: "json"}
	text := schema.Column{Name: "c", Type: "longtext", DataType: "longtext", Charset: "utf8mb4"}
	latin := schema.Column{Name: "c", Type: "longtext", DataType: "longtext", Charset: "latin1"}
	uuid := schema.Column{Name: "c", Type: "uuid", DataType: "uuid"}
	for name, s := range map[string]struct {
		from, to schema.Column
		code     byte
		meta     uint16
		raw      string
		want     string // "" is an error
	}{
		"JSON as text":    {json, text, 0xf5, 4, "0501ff", "'-255'"},
		"text as JSON":    {text, json, 0xfc, 4, "{\"a\":1.10}", "JSON_OBJECT(_utf8mb4'a',1.10)"},
		"UUID as text":    {uuid, text, 0xfe, 0xfe10, "\x01", "'01000000-0000-0000-0000-000000000000'"},
		"another charset": {text, latin, 0xfc, 4, "a", ""},
		"text as UUID":    {text, uuid, 0xfc, 4, "a", ""},
	} {
		c, err := schema.NewCodec(&s.from, s.code, s.meta)
		if err != nil {
			t.Fatal(err)
		}
		c, err = c.For(&s.to)
		if err != nil {
			if s.want != "" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		raw := []byte(s.raw)
		if s.from.DataType == "json" {
			raw = []byte{5, 0x01, 0xff}
		}
		if got, err := c.AppendLiteral(nil, raw); err != nil || string(got) != s.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, s.want)
		}
	}
}

// TestDecimalRoundTrip packs numbers as the server does and reads them back.
func TestDecimalRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		precision := rapid.IntRange(1, 65).Draw(t, "precision")
		scale := rapid.IntRange(0, min(precision, 30)).Draw(t, "scale")
		digits := rapid.StringMatching(`[0-9]{65}`).Draw(t, "digits")[:precision]
		negative := rapid.Bool().Draw(t, "negative")
		n, _ := new(big.Int).SetString(digits, 10)
		want := new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)).FloatString(scale)
		if negative && n.Sign() != 0 {
			want = "-" + want
		}
		got, err := schema.AppendDecimal(nil, packDecimal(digits, scale, negative), precision, scale)
		if err != nil || string(got) != want {
			t.Fatalf("%q, %v; want %q", got, err, want)
		}
	})
}

func packDecimal(digits string, scale int, negative bool) []byte {
	var out []byte
	group := func(s string) {
		n, _ := new(big.Int).SetString("0"+s, 10)
		out = append(out, n.FillBytes(make([]byte, [10]int{0, 1, 1, 2, 2, 3, 3, 4, 4, 4}[len(s)]))...)
	}
	whole, rest := digits[:len(digits)-scale], digits[len(digits)-scale:]
	first := len(whole) % 9
	for group(whole[:first]); first < len(whole); first += 9 {
		group(whole[first : first+9])
	}
	for ; len(rest) >= 9; rest = rest[9:] {
		group(rest[:9])
	}
	group(rest)
	out[0] ^= 0x80
	if negative {
		for i := range out {
			out[i] = ^out[i]
		}
	}
	return out
}

// TestInet6IsAnAddress wants every printed address to be read back as the same.
func TestInet6IsAnAddress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0, 0, 1, 255, 16}), 0, 16).Draw(t, "raw")
		text, err := schema.AppendInet6(nil, raw)
		if err != nil {
			t.Fatal(err)
		}
		var want [16]byte
		copy(want[:], raw)
		if got, err := netip.ParseAddr(string(text)); err != nil || got.As16() != want {
			t.Fatalf("%x printed as %s: %v, %v", raw, text, got, err)
		}
	})
}

func TestJSONLiterals(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": 1.5, "b": [1, -0.0, 1e22, 18446744073709551615]}`: `_utf8mb4'{"a": 1.5, "b": [1, -0.0, 1e22, 18446744073709551615]}'`,
		`"1.10"`:             `_utf8mb4'"1.10"'`,
		`1.10`:               `CAST(1.10 AS JSON)`,
		`[1.10, [1], -2.50]`: `JSON_ARRAY(1.10,CAST(_utf8mb4'[1]' AS JSON),-2.50)`,
		`{"a\"": {"b": 1.10, "c": 2.0}, "d": 18446744073709551616}`: `JSON_OBJECT(_utf8mb4'a"',JSON_OBJECT(_utf8mb4'b',1.10,_utf8mb4'c',CAST(_utf8mb4'2.0' AS JSON)),_utf8mb4'd',18446744073709551616)`,
		`not json 1.10`: `_utf8mb4'not json 1.10'`,
		`[1.10`:         `_utf8mb4'[1.10'`,
		``:              `_utf8mb4''`,
	} {
		if got := schema.AppendJSONLiteral(nil, []byte(text)); string(got) != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
}

// TestJSONIsComparedByItsText: the same number may be stored in two widths.
func TestJSONIsComparedByItsText(t *testing.T) {
	c, err := schema.NewCodec(&schema.Column{Name: "j", Type: "json", DataType: "json"}, change.TypeJSON, 4)
	if err != nil {
		t.Fatal(err)
	}
	one, two, wide := []byte{5, 1, 0}, []byte{5, 2, 0}, []byte{7, 1, 0, 0, 0}
	if c.Equal(one, two) || !c.Equal(one, wide) || c.Equal(two, wide) {
		t.Error("1 is 2, or is not 1")
	}
}

// FuzzImages gives damaged images to every codec: they may fail, not panic.
func FuzzImages(f *testing.F) {
	for _, s := range samples() {
		raw, _ := hex.DecodeString(s.raw)
		f.Add(raw)
	}
	f.Add([]byte{0, 1, 0, 12, 0, 11, 0, 1, 0, 5, 1, 0, 'a'})
	var codecs []*schema.Codec
	for _, s := range samples() {
		c, err := schema.NewCodec(&s.col, s.code, s.meta)
		if err != nil {
			f.Fatal(err)
		}
		codecs = append(codecs, c)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, c := range codecs {
			c.AppendLiteral(nil, raw)
			c.AppendKey(nil, raw)
			c.AppendMatch(nil, "`c`", raw)
			c.AppendText(nil, raw)
			c.Equal(raw, raw)
		}
		for typ := range byte(16) {
			schema.AppendJSONText(nil, append([]byte{typ}, raw...))
		}
		schema.AppendJSONLiteral(nil, raw)
	})
}

// TestNothingIsAllocated holds rendering and key encoding to reused buffers.
func TestNothingIsAllocated(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pools drop what they are given")
	}
	buf := make([]byte, 0, 4096)
	for _, s := range samples() {
		raw, _ := hex.DecodeString(s.raw)
		c, err := schema.NewCodec(&s.col, s.code, s.meta)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() { c.AppendLiteral(buf, raw); c.AppendMatch(buf, "`c`", raw) }); n != 0 {
			t.Errorf("%s: %v allocations a value", s.col.Type, n)
		}
	}
	for _, collation := range []string{"utf8mb4_general_ci", "utf8mb4_0900_ai_ci", "utf8mb4_unicode_ci", "utf8mb4_bin"} {
		e, row := textKey(t, collation)
		if n := testing.AllocsPerRun(100, func() { e.Append(buf, row) }); n != 0 {
			t.Errorf("%s: %v allocations a key", collation, n)
		}
	}
}

// textKey is the encoder of a key over one VARCHAR, and a row.
func textKey(t testing.TB, collation string) (*schema.KeyEncoder, change.Row) {
	t.Helper()
	col := schema.Column{Name: "c", Type: "varchar(50)", DataType: "varchar", Charset: "utf8mb4", Collation: collation}
	c, err := schema.NewCodec(&col, 0x0f, 200)
	if err != nil {
		t.Fatal(err)
	}
	e, ok := schema.NewKeyEncoder(&schema.Table{Columns: []schema.Column{col}, Flavor: "mysql"}, &schema.Key{Parts: []schema.KeyPart{{Column: "c"}}}, []*schema.Codec{c})
	if !ok {
		t.Fatalf("%s: no encoder", collation)
	}
	tm := &change.TableMap{Types: []byte{0x0f}, Meta: []uint16{200}}
	row, _, err := tm.Cut([]byte("\x00\x1acustomer-00042@example.com"), make([]change.Span, 1))
	if err != nil {
		t.Fatal(err)
	}
	return e, row
}

func BenchmarkLiteral(b *testing.B) {
	for _, s := range samples() {
		raw, _ := hex.DecodeString(s.raw)
		c, err := schema.NewCodec(&s.col, s.code, s.meta)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(s.col.Type, func(b *testing.B) {
			b.ReportAllocs()
			buf := make([]byte, 0, 4096)
			for b.Loop() {
				c.AppendLiteral(buf, raw)
			}
		})
	}
}

func BenchmarkKey(b *testing.B) {
	for _, collation := range []string{"utf8mb4_general_ci", "utf8mb4_0900_ai_ci", "utf8mb4_unicode_ci", "utf8mb4_bin"} {
		b.Run(collation, func(b *testing.B) {
			b.ReportAllocs()
			e, row := textKey(b, collation)
			buf := make([]byte, 0, 4096)
			for b.Loop() {
				e.Append(buf, row)
			}
		})
	}
}
