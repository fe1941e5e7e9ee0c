package snapshot

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// keyTypes are the types a range can follow, each with SQL values that its
// order is known to be hard for.
var keyTypes = []struct {
	name, ddl string
	values    []string
	flavor    dbtest.Flavor // "": both
}{
	{"tiny", "TINYINT", []string{"-128", "127", "0", "-1", "1"}, ""},
	{"big", "BIGINT", []string{"-9223372036854775808", "9223372036854775807", "0"}, ""},
	{"ubig", "BIGINT UNSIGNED", []string{"0", "9223372036854775807", "9223372036854775808", "18446744073709551615"}, ""},
	{"dec", "DECIMAL(30,10)", []string{"-99999999999999999999.9999999999", "0.0000000001", "12345678901234567890.0123456789", "12345678901234567890.0123456788"}, ""},
	{"day", "DATE", []string{"'0000-00-00'", "'0001-01-01'", "'2000-02-30'", "'9999-12-31'"}, ""},
	{"moment", "DATETIME(6)", []string{"'0000-00-00 00:00:00'", "'2020-01-01 00:00:00.000001'", "'2020-01-01 00:00:00.000002'"}, ""},
	{"stamp", "TIMESTAMP(3)", []string{"'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07.999'"}, ""},
	{"span", "TIME(2)", []string{"'-838:59:59'", "'838:59:59'", "'00:00:00.01'", "'-00:00:00.01'"}, ""},
	{"yr", "YEAR", []string{"'0000'", "1901", "2155", "2000"}, ""},
	{"word", "VARCHAR(40) CHARACTER SET utf8mb4", []string{"''", "'a'", "'B'", "'ä'", "'😀'", "'''\\\\'", "'%_'"}, ""},
	{"binword", "VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", []string{"'a'", "'A'", "'á'", "'a '", "' '"}, ""},
	{"latin", "CHAR(10) CHARACTER SET latin1", []string{"X'E4'", "X'FF'", "X'80'", "''"}, ""},
	{"wide", "VARCHAR(20) CHARACTER SET utf16", []string{"'x'", "'é'", "'😀'"}, ""},
	{"chinese", "VARCHAR(20) CHARACTER SET gbk", []string{"_gbk X'B55C'", "_gbk X'B5C4'", "'a'"}, ""},
	{"bin", "BINARY(6)", []string{"X'00'", "X'FF'", "X'0027'", "X'5C00'", "''"}, ""},
	{"varbin", "VARBINARY(20)", []string{"X'00'", "X'0000'", "X'FF'", "X'27'", "X'5C'", "''"}, ""},
	{"choice", "ENUM('z','y','a','m','b','c')", []string{"'z'", "'y'", "'a'", "'m'", "'b'", "'c'"}, ""},
	{"choices", "SET('z','y','a','m')", []string{"''", "'z'", "'y'", "'a'", "'m'", "'z,a'", "'y,m'", "'z,y,a,m'"}, ""},
	{"flags", "BIT(64)", []string{"0", "1", "18446744073709551615", "9223372036854775808"}, ""},
	{"uid", "UUID", []string{"'00000000-0000-0000-0000-000000000000'", "'f47ac10b-58cc-4372-a567-0e02b2c3d479'", "'6ccd780c-baba-1026-9564-5b8c656024db'", "'1ec9414c-232a-6b00-b3c8-9e6bdeced846'", "'01890a5d-ac96-774b-bcce-b302099a8057'"}, dbtest.MariaDB},
	{"ip", "INET6", []string{"'::'", "'::1'", "'ffff::'", "'fe80::1'", "'::ffff:10.0.0.1'"}, dbtest.MariaDB},
}

func randomValue(rng *rand.Rand, kind string) string {
	n := rng.Int64()
	switch kind {
	case "tiny":
		return fmt.Sprint(n%128 - n>>62%2*128 + 0)
	case "big":
		return fmt.Sprint(n - rng.Int64())
	case "ubig":
		return fmt.Sprint(rng.Uint64())
	case "dec":
		return fmt.Sprintf("%d.%010d", n%1e15, rng.Int64N(1e10))
	case "day":
		return fmt.Sprintf("'%04d-%02d-%02d'", 1+n%9999, 1+n%12, 1+n%28)
	case "moment":
		return fmt.Sprintf("'%04d-%02d-%02d 10:11:12.%06d'", 1+n%9999, 1+n%12, 1+n%28, n%1e6)
	case "stamp":
		return fmt.Sprintf("'%04d-%02d-%02d 10:11:12.%03d'", 1971+n%60, 1+n%12, 1+n%28, n%1e3)
	case "span":
		return fmt.Sprintf("'%s%03d:%02d:%02d.%02d'", []string{"", "-"}[n%2], n%838, n%60, n/60%60, n%100)
	case "yr":
		return fmt.Sprint(1901 + n%255)
	case "word", "wide":
		return fmt.Sprintf("CONVERT(X'%X' USING utf8mb4)", fmt.Sprintf("%c%cü%d", 'A'+rune(n%50), 'a'+rune(n%26), n%1e6))
	case "binword":
		return fmt.Sprintf("'%c%c%d'", 'A'+rune(n%26), 'a'+rune(n/26%26), n%1e5)
	case "latin":
		return fmt.Sprintf("X'%02X%02X%02X'", 0x30+n%10, 0xC0+n%0x3f, 0x30+n/7%60)
	case "chinese":
		return fmt.Sprintf("_gbk X'%02X%02X%02X5C'", 0xB0+n%0x20, 0xA1+n/7%0x50, 0xB0+n/31%0x20)
	case "bin", "varbin":
		return fmt.Sprintf("X'%02X%02X%02X%02X'", n%3*127, n%256, n/256%256, n/65536%5)
	case "choice", "choices":
		return fmt.Sprint(1 + n%6)
	case "flags":
		return fmt.Sprint(rng.Uint64())
	case "uid":
		return fmt.Sprintf("'%08x-%04x-%x%03x-%x%03x-%012x'", uint32(n), uint16(n>>16), []int{1, 4, 6, 7}[n%4], n>>3&0xfff, 8+n%4, n>>9&0xfff, rng.Int64()&0xffffffffffff)
	default:
		return fmt.Sprintf("'%x:%x::%x'", n&0xffff, n>>16&0xffff, n>>32&0xffff)
	}
}

// TestKeysCoverOnce copies tables keyed by every type, alone and in pairs with
// random directions, in many small ranges: every row once (C4 to C6, N-C11,
// N-C12).
func TestKeysCoverOnce(t *testing.T) {
	for _, pair := range [][2]dbtest.Flavor{{dbtest.MySQL, dbtest.MySQL}, {dbtest.MariaDB, dbtest.MariaDB}} {
		t.Run(string(pair[0]), func(t *testing.T) {
			r := newRig(t, dbtest.Config{Flavor: pair[0]}, dbtest.Config{Flavor: pair[1]})
			rng := rand.New(rand.NewPCG(1, 2))
			var names []string
			for i, k := range keyTypes {
				if k.flavor != "" && k.flavor != pair[0] {
					continue
				}
				names = append(names, r.keyed(rng, k.name, i, -1), r.keyed(rng, k.name+"_pair", i, rng.IntN(len(keyTypes)-2)))
			}
			for _, name := range names {
				r.register(name)
			}
			r.cfg.ChunkBytes = 1
			r.run()
			r.equal(names...)
			for _, name := range names {
				_, n := r.digest(r.source, r.from, name)
				r.covered(name, n)
			}
		})
	}
}

// keyed makes a table with one key column, or two.
func (r *rig) keyed(rng *rand.Rand, name string, first, second int) string {
	dir := []string{"", " DESC"}
	cols := []string{"a " + keyTypes[first].ddl + " NOT NULL"}
	key := "a" + dir[rng.IntN(2)]
	if second >= 0 {
		cols = append(cols, "b "+keyTypes[second].ddl+" NOT NULL")
		key += ", b" + dir[rng.IntN(2)]
	}
	r.create(fmt.Sprintf("CREATE TABLE {}.%s (%s, v VARCHAR(20), PRIMARY KEY (%s))", name, strings.Join(cols, ", "), key))
	ignore := "SET STATEMENT sql_mode='ALLOW_INVALID_DATES' FOR INSERT IGNORE"
	if r.src.Flavor == dbtest.MySQL {
		ignore = "INSERT /*+ SET_VAR(sql_mode='ALLOW_INVALID_DATES') */ IGNORE"
	}
	var rows []string
	for n := range 400 {
		a := randomValue(rng, keyTypes[first].name)
		if n < len(keyTypes[first].values)*3 {
			a = keyTypes[first].values[n%len(keyTypes[first].values)]
		}
		row := "(" + a
		if second >= 0 {
			b := randomValue(rng, keyTypes[second].name)
			if n%3 == 0 {
				b = keyTypes[second].values[n%len(keyTypes[second].values)]
			}
			row += "," + b
		}
		rows = append(rows, row+fmt.Sprintf(",'v%d')", n))
	}
	r.exec(r.src, ignore+" INTO {}."+name+" VALUES "+strings.Join(rows, ","))
	return name
}
