package mysql

import "strings"

// Ident quotes an identifier.
func Ident(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// Table quotes a qualified table name.
func Table(schema, name string) string { return Ident(schema) + "." + Ident(name) }

// String quotes text as a literal for sessions of this package, whose sql_mode
// has neither NO_BACKSLASH_ESCAPES nor ANSI_QUOTES.
func String(s string) string { return string(AppendString(nil, []byte(s))) }

// AppendString appends the quoted literal of s.
func AppendString(dst, s []byte) []byte {
	dst = append(dst, '\'')
	for _, c := range s {
		switch c {
		case 0:
			dst = append(dst, '\\', '0')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case 0x1a:
			dst = append(dst, '\\', 'Z')
		case '\'', '\\':
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '\'')
}
