package random

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// kind is a column type with values for it, as SQL literals.
type kind struct {
	sql  string // without NULL and DEFAULT
	any  func(r *rand.Rand) string
	some func(r *rand.Rand, n int) string // the n-th of distinct values, in one of its spellings; nil: no key

	number bool // may be calculated with
	prefix int  // a key takes only so many characters
	plain  bool // allowed in a unique key of a partitioned or referenced table
}

// world is what a source of this flavour can hold and its target can take.
type world struct {
	flavor dbtest.Flavor
	cross  bool // to the other family
	logged bool // what foreign keys do is in the log
	wide   int  // numbered tables have so many times as many keys as others
}

func (w world) mysql() bool { return w.flavor == dbtest.MySQL }

func pick[T any](r *rand.Rand, all ...T) T { return all[r.IntN(len(all))] }

func chance(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }

// column makes a type at random.
func (w world) column(r *rand.Rand) kind {
	for {
		switch r.IntN(14) {
		case 0, 1:
			return integer(r)
		case 2:
			return decimal(r)
		case 3:
			return floating(r)
		case 4:
			return bits(r)
		case 5, 6, 7:
			return w.text(r)
		case 8:
			return binary(r)
		case 9:
			return members(r)
		case 10, 11:
			return temporal(r)
		case 12:
			return long(r, w)
		default:
			if k, ok := w.special(r); ok {
				return k
			}
		}
	}
}

// key makes a type that a primary or unique key can have.
func (w world) key(r *rand.Rand) kind {
	for {
		if k := w.column(r); k.some != nil {
			return k
		}
	}
}

func integer(r *rand.Rand) kind {
	name := pick(r, "TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT")
	bits := map[string]uint{"TINYINT": 8, "SMALLINT": 16, "MEDIUMINT": 24, "INT": 32, "BIGINT": 64}[name]
	low, high := fmt.Sprint(-1<<(bits-1)), fmt.Sprint(uint64(1)<<(bits-1)-1)
	if chance(r, 40) {
		name += " UNSIGNED"
		low, high = "0", fmt.Sprint(uint64(math.MaxUint64)>>(64-bits))
		if chance(r, 10) {
			name += " ZEROFILL"
		}
	}
	return kind{sql: name, number: true, plain: true,
		any: func(r *rand.Rand) string {
			if chance(r, 15) {
				return pick(r, low, high)
			}
			return fmt.Sprint(r.IntN(100))
		},
		some: func(_ *rand.Rand, n int) string {
			if n < 2 {
				return []string{low, high}[n]
			}
			return fmt.Sprint(n % 127)
		}}
}

// serial is the usual key.
func serial(r *rand.Rand) kind {
	return kind{sql: pick(r, "INT", "BIGINT", "BIGINT UNSIGNED", "INT UNSIGNED", "MEDIUMINT"), number: true, plain: true,
		any: func(r *rand.Rand) string { return fmt.Sprint(1 + r.IntN(4000)) }, some: func(_ *rand.Rand, n int) string { return fmt.Sprint(n + 1) }}
}

func decimal(r *rand.Rand) kind {
	scale := r.IntN(8)
	digits := scale + 3 + r.IntN(20)
	return kind{sql: fmt.Sprintf("DECIMAL(%d,%d)", digits, scale), number: true, plain: true,
		any: func(r *rand.Rand) string {
			return fmt.Sprintf("%s%d.%0*d", pick(r, "", "-"), r.IntN(100), max(scale, 1), r.IntN(9))
		},
		some: func(_ *rand.Rand, n int) string { return fmt.Sprintf("%d.%0*d", n%900-400, max(scale, 1), 0) }}
}

func floating(r *rand.Rand) kind {
	return kind{sql: pick(r, "FLOAT", "DOUBLE"), number: true,
		any: func(r *rand.Rand) string {
			return pick(r, "0", "-0e0", "1.5", "3.4e38", "1e-30", fmt.Sprint(float32(r.NormFloat64())), fmt.Sprint(r.NormFloat64()), "16777217", "0.1")
		}}
}

func bits(r *rand.Rand) kind {
	n := pick(r, 1, 7, 8, 9, 24, 63, 64)
	k := kind{sql: fmt.Sprintf("BIT(%d)", n), any: func(r *rand.Rand) string { return fmt.Sprintf("b'%b'", r.Uint64()>>(64-n)) }}
	if n > 8 {
		k.some = func(_ *rand.Rand, n int) string { return fmt.Sprintf("b'%b'", n%511) }
	}
	return k
}

// alphabets are letters in spellings that a collation may take for equal; every
// repertoire has those of its character set only.
var alphabets = map[string][][]string{
	"ascii":  {{"a", "A"}, {"b", "B"}, {"c", "C"}, {"z", "Z"}, {"1"}, {"_"}, {"%"}, {"d", "D"}, {"'"}, {`\`}},
	"latin1": {{"a", "A", "á", "À", "ä"}, {"b", "B"}, {"e", "é", "É", "ê"}, {"o", "ö", "Ö"}, {"s", "S", "ß"}, {"n", "ñ"}, {"1"}, {"-"}, {"€"}, {`"`}},
	"wide":   {{"a", "A", "á", "ａ"}, {"b", "B"}, {"e", "é", "É"}, {"ß", "s"}, {"日"}, {"本"}, {"ω", "Ω"}, {"i", "I", "ı", "İ"}, {"я", "Я"}, {"ñ", "n", "Ñ"}},
	"astral": {{"a", "A", "á"}, {"😀", "😁"}, {"e", "é", "É"}, {"ß", "ss"}, {"𝒳"}, {"本"}, {"ω", "Ω"}, {"i", "ı"}, {"я", "Я"}, {"ñ", "n"}},
	"kana":   {{"a", "A"}, {"日"}, {"本"}, {"ア"}, {"か"}, {"b"}, {"1"}, {"c", "C"}, {"表"}, {"ソ"}},
}

type charset struct{ name, collation, alphabet string }

func (w world) charset(r *rand.Rand) charset {
	all := []charset{
		{"utf8mb4", "utf8mb4_general_ci", "wide"}, {"utf8mb4", "utf8mb4_unicode_ci", "wide"}, {"utf8mb4", "utf8mb4_bin", "astral"}, {"utf8mb4", "utf8mb4_unicode_520_ci", "astral"},
		{"latin1", "latin1_swedish_ci", "latin1"}, {"latin1", "latin1_german2_ci", "latin1"}, {"latin1", "latin1_bin", "latin1"}, {"utf8mb3", "utf8mb3_general_ci", "wide"},
		{"ascii", "ascii_general_ci", "ascii"}, {"utf8mb4", "utf8mb4_german2_ci", "wide"}, {"utf8mb4", "utf8mb4_turkish_ci", "wide"},
		{"sjis", "sjis_japanese_ci", "kana"}, {"gbk", "gbk_chinese_ci", "ascii"}, {"ucs2", "ucs2_general_ci", "wide"}, {"utf16", "utf16_general_ci", "wide"}, {"utf32", "utf32_bin", "wide"},
	}
	switch {
	case w.cross:
	case w.mysql():
		all = append(all, []charset{{"utf8mb4", "utf8mb4_0900_ai_ci", "astral"}, {"utf8mb4", "utf8mb4_0900_as_cs", "astral"}, {"utf8mb4", "utf8mb4_0900_bin", "astral"},
			{"utf8mb4", "utf8mb4_0900_as_ci", "wide"}, {"utf8mb4", "utf8mb4_de_pb_0900_ai_ci", "wide"}, {"utf8mb4", "utf8mb4_ja_0900_as_cs_ks", "wide"}}...)
	default:
		all = append(all, []charset{{"utf8mb4", "utf8mb4_uca1400_ai_ci", "astral"}, {"utf8mb4", "utf8mb4_general_nopad_ci", "wide"}, {"utf8mb4", "utf8mb4_nopad_bin", "wide"},
			{"latin1", "latin1_swedish_nopad_ci", "latin1"}, {"utf8mb4", "utf8mb4_unicode_nopad_ci", "wide"}}...)
	}
	return pick(r, all...)
}

// word is the n-th of about a thousand distinct texts.
func word(r *rand.Rand, alphabet string, n int) string {
	letters := alphabets[alphabet]
	text := ""
	for d := n % 1000; ; d /= len(letters) {
		text += pick(r, letters[d%len(letters)]...)
		if d < len(letters) {
			break
		}
	}
	if chance(r, 20) {
		text += " "
	}
	return quote(text)
}

// quote makes a literal that no SQL mode reads in another way.
func quote(text string) string { return fmt.Sprintf("CONVERT(x'%x' USING utf8mb4)", text) }

func (w world) text(r *rand.Rand) kind {
	c := w.charset(r)
	size := pick(r, 10, 40, 85)
	typ := pick(r, fmt.Sprintf("VARCHAR(%d)", size), fmt.Sprintf("VARCHAR(%d)", size), fmt.Sprintf("CHAR(%d)", min(size, 60)))
	letters := alphabets[c.alphabet]
	return kind{sql: typ + " CHARACTER SET " + c.name + " COLLATE " + c.collation,
		any: func(r *rand.Rand) string {
			text := ""
			for range r.IntN(8) {
				text += pick(r, pick(r, letters...)...)
			}
			return quote(text)
		},
		some: func(r *rand.Rand, n int) string { return word(r, c.alphabet, n) }}
}

func binary(r *rand.Rand) kind {
	typ := pick(r, "BINARY(4)", "BINARY(16)", "VARBINARY(20)", "VARBINARY(5)")
	return kind{sql: typ,
		any: func(r *rand.Rand) string {
			return pick(r, "x''", "x'00'", "x'ff00'", "x'275c0a1a'", fmt.Sprintf("x'%04x'", r.IntN(65536)))
		},
		some: func(_ *rand.Rand, n int) string { return fmt.Sprintf("x'%04x00'", n*7%65536) }}
}

var labels = []string{"a", "B", "c d", "e,f", "g'h", "é", "日本", "i\\\\j", "0", "1", "z z", "k\"l", "m%", "n_", "long label with many letters"}

func members(r *rand.Rand) kind {
	from := r.IntN(4)
	use := labels[from : from+3+r.IntN(len(labels)-from-3)]
	var list []string
	for _, l := range use {
		if strings.Contains(l, ",") && chance(r, 50) {
			continue
		}
		list = append(list, "'"+strings.ReplaceAll(l, "'", "''")+"'")
	}
	if chance(r, 50) {
		return kind{sql: "ENUM(" + strings.Join(list, ",") + ") CHARACTER SET utf8mb4 COLLATE " + pick(r, "utf8mb4_bin", "utf8mb4_general_ci"),
			any:  func(r *rand.Rand) string { return fmt.Sprint(1 + r.IntN(len(list))) },
			some: func(_ *rand.Rand, n int) string { return fmt.Sprint(1 + n%len(list)) }}
	}
	var set []string
	for _, l := range list {
		if !strings.Contains(l, ",") {
			set = append(set, l)
		}
	}
	return kind{sql: "SET(" + strings.Join(set, ",") + ") CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
		any:  func(r *rand.Rand) string { return fmt.Sprint(r.IntN(1 << len(set))) },
		some: func(_ *rand.Rand, n int) string { return fmt.Sprint(n % (1 << len(set))) }}
}

func temporal(r *rand.Rand) kind {
	fraction := pick(r, "", "", "(3)", "(6)", "(1)")
	part := func(r *rand.Rand) string { return pick(r, "", ".5", ".123456", ".000001", ".999") }
	switch r.IntN(5) {
	case 0:
		return kind{sql: "DATE", plain: true,
			any: func(r *rand.Rand) string {
				return pick(r, "'2024-02-29'", "'1000-01-01'", "'9999-12-31'", "'0001-01-01'", "'2026-11-25'")
			},
			some: func(_ *rand.Rand, n int) string { return fmt.Sprintf("DATE '2020-01-01' + INTERVAL %d DAY", n) }}
	case 1:
		return kind{sql: "TIME" + fraction,
			any: func(r *rand.Rand) string {
				return pick(r, "'-838:59:59'", "'838:59:59'", "'00:00:00"+part(r)+"'", "'-00:00:01"+part(r)+"'", "'12:34:56"+part(r)+"'")
			},
			some: func(_ *rand.Rand, n int) string { return fmt.Sprintf("SEC_TO_TIME(%d)", n*61-10000) }}
	case 2:
		return kind{sql: "DATETIME" + fraction, plain: true,
			any: func(r *rand.Rand) string {
				return pick(r, "'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'", "'2026-03-29 02:30:00"+part(r)+"'", "NOW(6)")
			},
			some: func(_ *rand.Rand, n int) string {
				return fmt.Sprintf("TIMESTAMP '2020-01-01 00:00:00' + INTERVAL %d HOUR", n*5)
			}}
	case 3:
		return kind{sql: "TIMESTAMP" + fraction,
			any: func(r *rand.Rand) string {
				return pick(r, "'1970-01-02 00:00:01"+part(r)+"'", "'2038-01-18 03:14:07'", "'2026-10-25 02:30:00"+part(r)+"'", "NOW(6)")
			},
			some: func(_ *rand.Rand, n int) string {
				return fmt.Sprintf("TIMESTAMP '2021-01-01 00:00:00' + INTERVAL %d HOUR", n*5)
			}}
	default:
		return kind{sql: "YEAR", any: func(r *rand.Rand) string { return pick(r, "0", "1901", "2155", "2026", "'00'") },
			some: func(_ *rand.Rand, n int) string { return fmt.Sprint(1901 + n%255) }}
	}
}

// long are the types without a length; a key takes a part of them.
func long(r *rand.Rand, w world) kind {
	if chance(r, 40) {
		return kind{sql: pick(r, "TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB"), prefix: pick(r, 3, 8, 20),
			any: func(r *rand.Rand) string {
				return fmt.Sprintf("REPEAT(x'%02x00ff', %d)", r.IntN(256), pick(r, 0, 1, 10, 80))
			},
			some: func(_ *rand.Rand, n int) string { return fmt.Sprintf("CONCAT(x'%04x', x'00ff')", n) }}
	}
	c := w.charset(r)
	return kind{sql: pick(r, "TINYTEXT", "TEXT", "MEDIUMTEXT", "LONGTEXT") + " CHARACTER SET " + c.name + " COLLATE " + c.collation, prefix: pick(r, 4, 10, 30),
		any: func(r *rand.Rand) string {
			return fmt.Sprintf("REPEAT(%s, %d)", word(r, c.alphabet, r.IntN(100)), pick(r, 0, 1, 2, 8))
		},
		some: func(r *rand.Rand, n int) string { return word(r, c.alphabet, n) }}
}

var documents = []string{`{}`, `[]`, `null`, `"text"`, `{"a": 1, "b": [true, false, null], "c": {"d": "é\n"}}`, `[1.0, 1e100, -0.5, 12345678901234567890]`, `{"": ""}`, `-1`,
	`{"k": 0.1, "long": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}`}

// special are the types that only one flavour has, or that its own target alone
// can hold.
func (w world) special(r *rand.Rand) (kind, bool) {
	switch {
	case w.cross:
		return kind{}, false
	case w.mysql():
		switch r.IntN(3) {
		case 0:
			return kind{sql: "JSON", any: func(r *rand.Rand) string {
				if chance(r, 30) {
					return fmt.Sprintf("JSON_OBJECT('n', %d, 'd', CAST(%v AS DECIMAL(10,3)), 'x', %v)", r.IntN(100), r.Float64(), r.NormFloat64())
				}
				return fmt.Sprintf("CAST(%s AS JSON)", quote(pick(r, documents...)))
			}}, true
		case 1:
			return kind{sql: "VECTOR(3)", any: func(r *rand.Rand) string {
				return fmt.Sprintf("STRING_TO_VECTOR('[%v,%v,0]')", float32(r.NormFloat64()), r.IntN(9))
			}}, true
		}
	default:
		switch r.IntN(4) {
		case 0:
			return kind{sql: "JSON", any: func(r *rand.Rand) string { return quote(pick(r, documents...)) }}, true
		case 1:
			return kind{sql: "UUID", any: func(r *rand.Rand) string {
				return pick(r, "'00000000-0000-0000-0000-000000000000'", "UUID()", "'6ccd780c-baba-1026-9564-5b8c65602400'")
			}, some: func(_ *rand.Rand, n int) string { return fmt.Sprintf("'6ccd780c-baba-1026-%04x-5b8c65602400'", n) }}, true
		case 2:
			return kind{sql: pick(r, "INET6", "INET6", "INET4"), any: func(r *rand.Rand) string { return pick(r, "'0.0.0.0'", "'10.1.2.0'", "'255.255.255.255'") }}, true
		}
	}
	return kind{sql: pick(r, "POINT", "GEOMETRY"), any: func(r *rand.Rand) string {
		return fmt.Sprintf("ST_GeomFromText('POINT(%d %d)')", r.IntN(50), r.IntN(50))
	}}, true
}
