package schema_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// typeCase is one column type and SQL expressions of values for it.
type typeCase struct {
	ddl    string
	values []string
	index  string // the column list of an index; "" is none
}

func ints(min, max string, more ...string) []string {
	return append([]string{"0", "1", min, max}, more...)
}

func typeCases(flavor dbtest.Flavor) []typeCase {
	r := rand.New(rand.NewPCG(1, 2))
	var all []typeCase
	add := func(index string, ddl string, values ...string) {
		all = append(all, typeCase{ddl: ddl, values: values, index: index})
	}
	for _, x := range []struct{ name, min, max, umax string }{
		{"TINYINT", "-128", "127", "255"}, {"SMALLINT", "-32768", "32767", "65535"}, {"MEDIUMINT", "-8388608", "8388607", "16777215"},
		{"INT", "-2147483648", "2147483647", "4294967295"}, {"BIGINT", "-9223372036854775808", "9223372036854775807", "18446744073709551615"},
	} {
		add("v", x.name, ints(x.min, x.max, "-1")...)
		add("v", x.name+" UNSIGNED", ints("0", x.umax, strings.TrimPrefix(x.min, "-"))...)
		add("v", x.name+"(7) ZEROFILL", ints("0", x.umax, strings.TrimPrefix(x.min, "-"))...)
	}
	floats := []string{"0", "'-0'", "1.1", "-1.1e0", "16777217", "3.4028234663852886e38", "-3.4028234663852886e38", "1.401298464324817e-45", "1.17549435e-38", "0.3", "123456.789e0"}
	doubles := []string{"0", "'-0'", "1.1e0", "1.7976931348623157e308", "-1.7976931348623157e308", "2.2250738585072014e-308", "5e-324", "0.1e0", "123456789012345680e0", "1e15", "1e-7"}
	for range 300 {
		f := math.Float32frombits(r.Uint32())
		if f == f && !math.IsInf(float64(f), 0) {
			floats = append(floats, strconv.FormatFloat(float64(f), 'e', -1, 64))
		}
		d := math.Float64frombits(r.Uint64())
		if d == d && !math.IsInf(d, 0) {
			doubles = append(doubles, strconv.FormatFloat(d, 'e', -1, 64))
		}
	}
	add("v", "FLOAT", floats...)
	add("v", "FLOAT(10,3)", "0", "1.234", "-1234567.891")
	add("v", "DOUBLE", doubles...)
	add("v", "DOUBLE(20,5)", "0", "1.23456", "-123456789012345.12345", "0.00001")
	add("v", "DECIMAL(65,30)", "0", "-0.000000000000000000000000000001", strings.Repeat("9", 35)+"."+strings.Repeat("9", 30), "-"+strings.Repeat("9", 35)+"."+strings.Repeat("9", 30), "1.5", "-1.5")
	add("v", "DECIMAL(10,0)", "0", "-1", "9999999999", "-9999999999")
	add("v", "DECIMAL(3,3)", "0", "-0.001", "0.999", "-0.999")
	add("v", "DECIMAL(65,0)", "0", "-1", strings.Repeat("9", 65), "1"+strings.Repeat("0", 64))
	for _, ps := range [][2]int{{1, 0}, {9, 4}, {18, 9}, {19, 10}, {27, 1}, {20, 20}, {14, 2}} {
		values := []string{"0"}
		for range 30 {
			digits := ""
			for range ps[0] {
				digits += strconv.Itoa(r.IntN(10))
			}
			sign := []string{"", "-"}[r.IntN(2)]
			values = append(values, sign+digits[:ps[0]-ps[1]]+"."+digits[ps[0]-ps[1]:]+"0")
		}
		add("v", fmt.Sprintf("DECIMAL(%d,%d)", ps[0], ps[1]), values...)
	}
	for _, n := range []int{1, 7, 8, 9, 16, 33, 63, 64} {
		add("v", fmt.Sprintf("BIT(%d)", n), "0", "1", fmt.Sprint(uint64(math.MaxUint64)>>(64-n)), fmt.Sprint(uint64(1)<<(n-1)))
	}
	add("v", "YEAR", "'0000'", "1901", "2000", "2155", "1999")
	add("v", "DATE", "'0000-00-00'", "'0001-01-01'", "'2024-00-10'", "'2024-02-31'", "'2024-10-00'", "'9999-12-31'", "'1000-01-01'", "'0000-01-01'")
	for n := range 7 {
		add("v", fmt.Sprintf("TIME(%d)", n), "'00:00:00'", "'-838:59:59'", "'838:59:59'", "'-00:00:01.5'", "'-00:00:00.1'", "'-00:00:00.000001'", "'00:00:00.999999'", "'12:34:56.789012'", "'-12:34:56.789012'", "'-100:00:00.010203'", "'837:59:59.99'")
		add("v", fmt.Sprintf("DATETIME(%d)", n), "'0000-00-00 00:00:00'", "'0001-01-01 00:00:00'", "'2024-00-10 11:12:13.123456'", "'9999-12-31 23:59:59'", "'2024-02-31 01:02:03.000001'", "'1999-12-31 23:59:58.999999'", "'2024-03-31 02:30:00'")
		add("v", fmt.Sprintf("TIMESTAMP(%d) NULL", n), "'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'2024-03-31 02:30:00.5'", "'2024-10-27 00:30:00.123456'", "'2024-10-27 01:30:00.000001'")
	}
	all = append(all, textCases(flavor, r)...)
	add("v", "BINARY(16)", "x'00'", "x''", "x'0102030405060708090a0b0c0d0e0f00'", "x'ff'", "'a '", "x'0000000000000000000000000000000000'", "x'275c0a0d1a220900'")
	add("v", "BINARY", "x'00'", "x'41'")
	for _, typ := range []string{"VARBINARY(300)", "TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB"} {
		index := "v(20)"
		if typ[0] == 'V' {
			index = "v"
		}
		add(index, typ, "''", "x'00'", "x'0000'", "'a'", "'a '", "'a\\0'", "'\\\\N'", "'NULL'", allBytes(), "x'275c0a0d1a2209'", "REPEAT('x', 255)")
	}
	add("", "LONGBLOB", "REPEAT(x'00ff5c27', 20000)", "''")
	add("v", "ENUM('2','1','x','','1.0')", "1", "2", "3", "4", "5", "0")
	add("v", "SET('a','b','1','4')", "0", "1", "15", "4")
	add("v", manyMembers("ENUM", 300), "1", "255", "256", "300", "0")
	add("v", manyMembers("SET", 64), "0", "1", "18446744073709551615", "9223372036854775808")
	add("", "GEOMETRY", "ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POINT(1 2)', 3857)", "ST_GeomFromText('LINESTRING(0 0,1 1,2 2)')",
		"ST_GeomFromText('POLYGON((0 0,0 1,1 1,0 0))')", "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))')", "ST_GeomFromText('MULTIPOINT(0 0,1 1)')")
	if flavor == dbtest.MySQL {
		add("", "POINT SRID 4326", "ST_GeomFromText('POINT(10 20)', 4326)", "ST_GeomFromText('POINT(-90 180)', 4326)")
		add("", "VECTOR(3)", "x'0000803f0000004000004040'", "TO_VECTOR('[1.5,-0,3e-40]')", "TO_VECTOR('[1]')")
		add("", "JSON", jsonValues(r)...)
		return all
	}
	add("", "POINT", "ST_GeomFromText('POINT(10 20)', 4326)")
	add("", "JSON", `'{"a": 1.10, "a":  2}'`, `'[]'`, `'1.10'`, `'"é"'`)
	add("v", "UUID", "'00000000-0000-0000-0000-000000000000'", "'123e4567-e89b-12d3-a456-426614174000'", "'ffffffff-ffff-4fff-bfff-ffffffffff00'",
		"'123e4567-e89b-42d3-a456-426614174000'", "'018f4567-e89b-72d3-a456-426614170000'", "UUID()", "'00000000-0000-0000-0000-000000000001'")
	add("v", "INET6", "'::'", "'::1'", "'::1:0'", "'2001:db8:0:1:1:1:1:1'", "'2001:db8::'", "'::ffff:1.2.3.4'", "'::1.2.3.4'", "'1:0:0:2:0:0:0:3'", "'::ffff:0:1.2.3.4'", "'1:2:3:4:5:6:7:8'", "'fe80::1:0:0'", "'0:0:0:0:0:ffff:0:1'", "'::fffe:1:2'")
	add("v", "INET4", "'0.0.0.0'", "'1.2.3.4'", "'255.255.255.0'", "'10.0.0.0'")
	if flavor == dbtest.MariaDB118 {
		add("", "VECTOR(3)", "x'0000803f0000004000004040'")
	}
	return all
}

func allBytes() string {
	var b strings.Builder
	for i := range 256 {
		fmt.Fprintf(&b, "%02x", i)
	}
	return "x'" + b.String() + "'"
}

func manyMembers(typ string, n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("'m%d'", n-i)
	}
	return typ + "(" + strings.Join(names, ",") + ")"
}

func textCases(flavor dbtest.Flavor, r *rand.Rand) []typeCase {
	var all []typeCase
	single := []string{"latin1", "armscii8", "cp1250", "cp1251", "cp1256", "cp1257", "cp850", "cp852", "cp866", "dec8", "geostd8", "greek", "hebrew", "hp8", "keybcs2", "koi8r", "koi8u", "latin2", "latin5", "latin7", "macce", "macroman", "swe7", "tis620"}
	var bytes, text []string
	for i := range 256 {
		bytes = append(bytes, fmt.Sprintf("x'%02x'", i), fmt.Sprintf("x'41%02x42'", i))
	}
	for _, s := range []string{"", "a", "A", "a ", " ", "é", "É", "ß", "it's \\ \"q\" `b`", "tab\tnl\ncr\rz\x1a", "表ソ能", "\\N", "NULL", "日本語", "ａ", "ŐőŁ"} {
		text = append(text, "_utf8mb4 x'"+fmt.Sprintf("%x", s)+"'")
	}
	for _, cs := range single {
		all = append(all, typeCase{ddl: "VARCHAR(10) CHARACTER SET " + cs, values: bytes, index: "v"})
	}
	all = append(all, typeCase{ddl: "CHAR(10) CHARACTER SET latin1", values: bytes, index: "v"})
	all = append(all, typeCase{ddl: "VARCHAR(10) CHARACTER SET ascii", values: bytes[:256], index: "v"})
	multi := []string{"big5", "cp932", "eucjpms", "euckr", "gb2312", "gbk", "sjis", "ucs2", "ujis", "utf16", "utf16le", "utf32", "utf8mb3", "utf8mb4"}
	if flavor == dbtest.MySQL {
		multi = append(multi, "gb18030")
	}
	for _, cs := range multi {
		values := text
		if cs == "utf8mb4" || strings.HasPrefix(cs, "utf16") || cs == "utf32" || cs == "gb18030" {
			values = append(values[:len(values):len(values)], "_utf8mb4 x'f09f9880'", "_utf8mb4 x'61f09f988061'")
		}
		for _, typ := range []string{"CHAR(20)", "VARCHAR(300)", "TEXT"} {
			index := "v"
			if typ == "TEXT" {
				index = "v(10)"
			}
			all = append(all, typeCase{ddl: typ + " CHARACTER SET " + cs, values: values, index: index})
		}
	}
	for _, typ := range []string{"TINYTEXT", "MEDIUMTEXT", "LONGTEXT"} {
		all = append(all, typeCase{ddl: typ, values: text, index: "v(10)"})
	}
	return all
}

func jsonValues(r *rand.Rand) []string {
	values := []string{
		`'null'`, `'true'`, `'false'`, `'0'`, `'-1'`, `'32767'`, `'-32768'`, `'65535'`, `'65536'`, `'2147483647'`, `'-2147483648'`, `'4294967295'`, `'9223372036854775807'`, `'-9223372036854775808'`, `'18446744073709551615'`,
		`'1.0'`, `'-0.0'`, `'1e15'`, `'1e14'`, `'123456789012345.6'`, `'1e-15'`, `'1e-16'`, `'1.5e-15'`, `'5e-324'`, `'1.7976931348623157e308'`, `'0.1'`, `'12345678901234567890123'`,
		`'""'`, `'"a"'`, `'{}'`, `'[]'`, `'[1, "a", null, [], {}, {"k": [1.5]}]'`, `'{"b": 1, "a": 2, "aa": 3, "": 4}'`,
		`JSON_QUOTE('a"b\\c/d\b\f\n\r\t\0\x1f é 日')`, `JSON_QUOTE(CHAR(1,2,11,14,31,127 USING utf8mb4))`,
		`CAST(1.10 AS JSON)`, `CAST(-1.10 AS JSON)`, `CAST(CAST('123456789012345678901234567890.10' AS DECIMAL(65,10)) AS JSON)`, `CAST(CAST(5 AS DECIMAL(10,0)) AS JSON)`,
		`CAST(CAST('12345678901234567890123' AS DECIMAL(65,0)) AS JSON)`, `CAST(CAST(0 AS DECIMAL(10,2)) AS JSON)`,
		`JSON_OBJECT('a', 1.10, 'b"\n', JSON_ARRAY(2.50, 1e0, NULL, true, 'x', JSON_OBJECT()), 'c', JSON_OBJECT('d', CAST('9.00' AS DECIMAL(5,2))))`,
		`JSON_ARRAY(1.10, JSON_ARRAY(1.5e0, -0e0, 1e300, 18446744073709551615), CAST(-0.50 AS DECIMAL(5,2)))`,
		`CAST(DATE'2015-01-15' AS JSON)`, `CAST(TIME'-10:11:12.5' AS JSON)`, `CAST(TIME'838:59:59' AS JSON)`, `CAST(TIMESTAMP'2015-01-15 23:24:25.123456' AS JSON)`, `CAST(CAST('0000-00-00' AS DATE) AS JSON)`,
		`CAST(TIMESTAMP'0001-01-01 00:00:00' AS JSON)`, `JSON_ARRAY(x'0102', b'101', REPEAT(x'ff', 57), REPEAT(x'ff', 58), REPEAT(x'00', 200), x'')`, `CAST(CAST(1994 AS YEAR) AS JSON)`,
		`JSON_ARRAY(REPEAT('x', 127), REPEAT('x', 128), REPEAT('y', 16384), REPEAT('z', 70000))`, `JSON_OBJECT(REPEAT('k', 300), 70000, 'z', -70000, 'y', 3000000000)`,
		`CONCAT('[', REPEAT('1234567,', 20000), '1.5]')`, `CONCAT(REPEAT('[', 99), '1', REPEAT(']', 99))`, `JSON_ARRAY(TIMESTAMP'2024-03-31 02:30:00')`,
	}
	for range 400 {
		d := math.Float64frombits(r.Uint64())
		if d != d || math.IsInf(d, 0) {
			continue
		}
		values = append(values, "JSON_ARRAY("+strconv.FormatFloat(d, 'e', -1, 64)+","+strconv.FormatFloat(r.Float64(), 'e', -1, 64)+","+strconv.FormatFloat(r.NormFloat64()*1e12, 'e', -1, 64)+")")
	}
	return values
}
