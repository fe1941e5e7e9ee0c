package cases

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// script reads the statements of a file in the language of mysqltest, in which
// both servers keep their own tests. Of its commands only those count that say in
// which session a statement runs, what a variable holds, which file is included,
// and where a statement ends; loops and conditions run once.
type script struct {
	root      string // where included files are looked for, beside the file's own folder
	vars      map[string]string
	session   string
	delimiter string
	steps     []step
}

// readScript returns a file's statements.
func readScript(root, file string) []step {
	s := &script{root: root, vars: map[string]string{}}
	s.read(file, 0)
	return s.steps
}

// deepest bounds files that include files.
const deepest = 3

func (s *script) read(file string, depth int) bool {
	text, err := os.ReadFile(file)
	if err != nil || depth > deepest {
		return false
	}
	s.session, s.delimiter = "default", ";"
	rest := string(text)
	for rest = skipProse(rest); rest != ""; rest = skipProse(rest) {
		line, after, _ := strings.Cut(rest, "\n")
		command := strings.TrimSpace(strings.TrimPrefix(line, "--"))
		switch word := firstWord(command); {
		case inputs[word] != "":
			_, rest, _ = strings.Cut("\n"+after, "\n"+inputs[word])
			_, rest, _ = strings.Cut(rest, "\n")
			continue
		case word == "exit":
			return true
		case strings.HasPrefix(line, "--"), word == "if", word == "while", word == "delimiter", word == "{", word == "}":
			s.command(file, strings.TrimSuffix(command, s.delimiter), depth)
			rest = after
			continue
		}
		at := endOf(rest, s.delimiter)
		if at < 0 {
			return true
		}
		one := strings.TrimSpace(rest[:at])
		rest = rest[at+len(s.delimiter):]
		if !s.command(file, one, depth) {
			s.steps = append(s.steps, step{line: 1 + strings.Count(string(text[:len(text)-len(rest)]), "\n"), connection: s.session, sql: one})
		}
	}
	return true
}

// skipProse steps over blanks and remarks.
func skipProse(text string) string {
	for {
		text = strings.TrimLeft(text, " \t\r\n")
		if !strings.HasPrefix(text, "#") {
			return text
		}
		_, text, _ = strings.Cut(text, "\n")
	}
}

// inputs are the commands that other lines belong to, with what ends these.
var inputs = map[string]string{"perl": "EOF", "write_file": "EOF", "append_file": "EOF", "disable_parsing": "--enable_parsing"}

// commands begin lines that are no statements, whether or not "--" is before them.
var commands = strings.Fields(`let if while else end echo eval evalp connect connection disconnect send send_eval reap source error sleep
	real_sleep inc dec exit die skip query query_vertical query_horizontal vertical_results horizontal_results sorted_result exec system
	delimiter result ping require sync_with_master save_master_pos sync_slave_with_master character_set chmod mkdir rmdir list_files file_exists
	diff_files change_user dirty_close start_timer end_timer reset_connection remove_file copy_file cat_file move_file query_get_value
	shutdown_server wait_for_slave_to_stop output expr assert { }`)

var prefixes = regexp.MustCompile(`^(enable|disable|replace|remove_files|lowercase|list_files)_`)

func firstWord(text string) string {
	i := strings.IndexFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n($;", r) })
	if i < 0 {
		i = len(text)
	}
	return strings.ToLower(text[:i])
}

// command carries out what counts of a command, and reports whether it is one.
func (s *script) command(file, text string, depth int) bool {
	word := firstWord(text)
	rest := strings.TrimSpace(text[len(word):])
	args := strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune(" \t\n(),", r) })
	switch {
	case word == "connect", word == "connection":
		if len(args) > 0 {
			s.session = args[0]
		}
	case word == "delimiter":
		s.delimiter = strings.TrimSpace(strings.TrimSuffix(rest, s.delimiter))
		if s.delimiter == "" {
			s.delimiter = ";"
		}
	case word == "let":
		if name, value, ok := strings.Cut(rest, "="); ok {
			s.vars[strings.TrimPrefix(strings.TrimSpace(name), "$")] = strings.TrimSpace(value)
		}
	case word == "source" && len(args) > 0 && !strings.Contains(args[0], "have_"):
		session, delimiter := s.session, s.delimiter
		if !s.read(filepath.Join(filepath.Dir(file), args[0]), depth+1) {
			s.read(filepath.Join(s.root, args[0]), depth+1)
		}
		s.session, s.delimiter = session, delimiter
	case word == "eval", word == "evalp", word == "send", word == "send_eval":
		if sql := s.expand(rest); !strings.Contains(sql, "$") {
			s.steps = append(s.steps, step{connection: s.session, sql: sql})
		}
	default:
		return slices.Contains(commands, word) || prefixes.MatchString(word)
	}
	return true
}

// expand puts variables into a statement, the longest names first.
func (s *script) expand(sql string) string {
	var pairs []string
	for name := range s.vars {
		pairs = append(pairs, name)
	}
	slices.SortFunc(pairs, func(a, b string) int { return len(b) - len(a) })
	for _, name := range pairs {
		sql = strings.ReplaceAll(sql, "$"+name, s.vars[name])
	}
	return sql
}

// endOf finds a delimiter outside of quotes and comments; -1 if there is none.
func endOf(text, delimiter string) int {
	var quote byte
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0 && c == '\\' && quote != '`':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case strings.HasPrefix(text[i:], delimiter):
			return i
		case c == '\'', c == '"', c == '`':
			quote = c
		case c == '#', strings.HasPrefix(text[i:], "-- "):
			i = behind(text, i, "\n")
		case strings.HasPrefix(text[i:], "/*"):
			i = behind(text, i, "*/")
		}
	}
	return -1
}

// behind is the last byte of the next end from a place on.
func behind(text string, from int, end string) int {
	if n := strings.Index(text[from:], end); n >= 0 {
		return from + n + len(end) - 1
	}
	return len(text)
}
