package stream

import "github.com/tidegate-io/tidegate/internal/mysql"

// Bits of sql_mode as the log carries them. The two flavours agree up to bit 31
// but for what one of them dropped; bits above mean different things.
var sharedModes = map[uint]string{
	0: "REAL_AS_FLOAT", 1: "PIPES_AS_CONCAT", 2: "ANSI_QUOTES", 3: "IGNORE_SPACE", 5: "ONLY_FULL_GROUP_BY",
	6: "NO_UNSIGNED_SUBTRACTION", 7: "NO_DIR_IN_CREATE", 8: "POSTGRESQL", 9: "ORACLE", 10: "MSSQL", 11: "DB2", 12: "MAXDB",
	13: "NO_KEY_OPTIONS", 14: "NO_TABLE_OPTIONS", 15: "NO_FIELD_OPTIONS", 16: "MYSQL323", 17: "MYSQL40", 18: "ANSI",
	19: "NO_AUTO_VALUE_ON_ZERO", 20: "NO_BACKSLASH_ESCAPES", 21: "STRICT_TRANS_TABLES", 22: "STRICT_ALL_TABLES",
	23: "NO_ZERO_IN_DATE", 24: "NO_ZERO_DATE", 25: "ALLOW_INVALID_DATES", 26: "ERROR_FOR_DIVISION_BY_ZERO", 27: "TRADITIONAL",
	28: "NO_AUTO_CREATE_USER", 29: "HIGH_NOT_PRECEDENCE", 30: "NO_ENGINE_SUBSTITUTION", 31: "PAD_CHAR_TO_FULL_LENGTH",
}

var ownModes = map[mysql.Flavor]map[uint]string{
	mysql.MySQL:   {32: "TIME_TRUNCATE_FRACTIONAL", 33: "INTERPRET_UTF8_AS_UTF8MB4"},
	mysql.MariaDB: {4: "IGNORE_BAD_TABLE_OPTIONS", 32: "EMPTY_STRING_IS_NULL", 33: "SIMULTANEOUS_ASSIGNMENT", 34: "TIME_ROUND_FRACTIONAL"},
}

// modeNames lists the modes of a log's sql_mode. Bits without a name have no
// meaning in any supported version.
func modeNames(f mysql.Flavor, bits uint64) []string {
	var names []string
	for i := range uint(64) {
		if bits&(1<<i) == 0 {
			continue
		}
		if name, ok := ownModes[f][i]; ok {
			names = append(names, name)
		} else if name, ok := sharedModes[i]; ok {
			names = append(names, name)
		}
	}
	return names
}
