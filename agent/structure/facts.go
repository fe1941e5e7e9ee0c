package structure

import (
	"context"
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Facts is what a target can store text in.
type Facts struct {
	Collations map[string]string // charset by collation
	Defaults   map[string]string // default collation by charset
}

// ReadFacts asks the target.
func ReadFacts(ctx context.Context, q mysql.Querier, server *mysql.Server) (*Facts, error) {
	f := &Facts{Collations: map[string]string{}, Defaults: map[string]string{}}
	query := "SELECT COLLATION_NAME, CHARACTER_SET_NAME, IS_DEFAULT FROM information_schema.COLLATIONS WHERE CHARACTER_SET_NAME IS NOT NULL"
	if server.Flavor == mysql.MariaDB && server.AtLeast(10, 10, 0) { // there COLLATIONS has short names for several charsets
		query = "SELECT FULL_COLLATION_NAME, CHARACTER_SET_NAME, IS_DEFAULT FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY"
		if !server.AtLeast(11, 3, 0) {
			query = `SELECT a.FULL_COLLATION_NAME, a.CHARACTER_SET_NAME, IF(c.DEFAULT_COLLATE_NAME = a.FULL_COLLATION_NAME, 'Yes', '')
				FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY a JOIN information_schema.CHARACTER_SETS c ON c.CHARACTER_SET_NAME = a.CHARACTER_SET_NAME`
		}
	}
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read the collations of %s: %w", server, err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, charset string
		var def *string
		if err := rows.Scan(&name, &charset, &def); err != nil {
			return nil, fmt.Errorf("read the collations of %s: %w", server, err)
		}
		f.Collations[name] = charset
		if def != nil && strings.EqualFold(*def, "yes") {
			f.Defaults[charset] = name
		}
	}
	return f, rows.Err()
}

// Charset returns the target's name of a charset.
func (f *Facts) Charset(name string) (string, bool) {
	lower := strings.ToLower(name)
	for _, n := range []string{lower, strings.Replace(lower, "utf8", "utf8mb3", 1), "utf8"} {
		if _, ok := f.Defaults[n]; ok && (n != "utf8" || lower == "utf8mb3") {
			return n, true
		}
	}
	return "", lower == "binary"
}

// Collation returns the target's collation for one of the source: the same if
// the target has it, else the nearest that tells apart at least what the
// source's does where that is known. ok is false if there is none.
func (f *Facts) Collation(name string) (mapped string, ok bool) {
	lower := strings.ToLower(name)
	for _, candidate := range candidates(lower) {
		if _, ok := f.Collations[candidate]; ok {
			return candidate, true
		}
	}
	return "", lower == "binary"
}

// languages pairs the tailorings of both flavours: MySQL's tag, MariaDB's name.
var languages = [][2]string{{"de_pb", "german2"}, {"is", "icelandic"}, {"lv", "latvian"}, {"ro", "romanian"}, {"sl", "slovenian"},
	{"pl", "polish"}, {"et", "estonian"}, {"es", "spanish"}, {"sv", "swedish"}, {"tr", "turkish"}, {"cs", "czech"}, {"da", "danish"},
	{"lt", "lithuanian"}, {"sk", "slovak"}, {"es_trad", "spanish2"}, {"la", "roman"}, {"eo", "esperanto"}, {"hu", "hungarian"},
	{"hr", "croatian"}, {"vi", "vietnamese"}}

// candidates lists what a collation may be called on a target, best first.
func candidates(name string) []string {
	out := []string{name}
	if rest, ok := strings.CutPrefix(name, "utf8_"); ok {
		out = append(out, "utf8mb3_"+rest)
	}
	if rest, ok := strings.CutPrefix(name, "utf8mb3_"); ok {
		out = append(out, "utf8_"+rest)
	}
	if strings.Contains(name, "_0900_") {
		return append(out, fromMySQL(name)...)
	}
	if strings.Contains(name, "uca1400_") {
		return append(out, fromMariaDB(name)...)
	}
	switch name {
	case "utf8mb4_nopad_bin":
		out = append(out, "utf8mb4_0900_bin")
	case "utf8mb4_unicode_520_nopad_ci", "utf8mb4_unicode_nopad_ci":
		out = append(out, "utf8mb4_0900_ai_ci")
	case "utf8mb4_croatian_mysql561_ci":
		out = append(out, "utf8mb4_croatian_ci")
	}
	return out
}

// fromMySQL: utf8mb4[_language]_0900_(ai_ci|as_ci|as_cs|bin).
func fromMySQL(name string) []string {
	head, strength, _ := strings.Cut(name, "_0900_")
	if strength == "bin" {
		return []string{"utf8mb4_nopad_bin"}
	}
	tag := strings.TrimPrefix(strings.TrimPrefix(head, "utf8mb4"), "_")
	if tag == "" {
		out := []string{"utf8mb4_uca1400_nopad_" + strength}
		if strength == "ai_ci" {
			out = append(out, "utf8mb4_unicode_520_nopad_ci")
		}
		return out
	}
	for _, l := range languages {
		if l[0] == tag {
			return []string{"utf8mb4_uca1400_" + l[1] + "_nopad_" + strength}
		}
	}
	return nil
}

// fromMariaDB: charset_uca1400[_language][_nopad]_(ai_ci|as_ci|as_cs). MySQL's
// counterparts do not ignore trailing blanks, so they tell apart no less.
func fromMariaDB(name string) []string {
	charset, rest, _ := strings.Cut(name, "_uca1400_")
	rest = strings.Replace(rest, "nopad_", "", 1)
	if charset != "utf8mb4" {
		if rest == "ai_ci" {
			return []string{charset + "_unicode_520_ci"}
		}
		return nil
	}
	for _, l := range languages {
		if strength, ok := strings.CutPrefix(rest, l[1]+"_"); ok {
			if strength == "as_ci" {
				return nil // MySQL has it for no language
			}
			return []string{"utf8mb4_" + l[0] + "_0900_" + strength}
		}
	}
	return []string{"utf8mb4_0900_" + rest}
}
