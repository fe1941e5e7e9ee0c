package cases

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// parser reads one file line by line.
type parser struct {
	c       *testCase
	line    int
	section string // "" in the head
	next    step   // what the markers say of the next statement
	end     string // delimiter
	text    []string
}

// parse reads a case. Errors begin with the line's number.
func parse(text string) (*testCase, error) {
	p := &parser{c: &testCase{}, end: ";"}
	for line := range strings.Lines(text) {
		p.line++
		if err := p.take(strings.TrimSuffix(line, "\n")); err != nil {
			return nil, fmt.Errorf("%d: %w", p.line, err)
		}
	}
	switch {
	case len(p.text) > 0:
		return nil, fmt.Errorf("%d: a statement does not end with %q", p.next.line, p.end)
	case len(p.c.setup) == 0:
		return nil, fmt.Errorf("%d: there is no setup", p.line)
	}
	return p.c, nil
}

func (p *parser) take(line string) error {
	if len(p.text) == 0 {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed == "--" {
			return nil
		}
		if want, ok := strings.CutPrefix(line, "-->"); ok {
			return p.row(strings.TrimPrefix(want, " "))
		}
		if words, ok := strings.CutPrefix(line, "-- "); ok {
			return p.marker(words)
		}
		if end, ok := strings.CutPrefix(line, "DELIMITER "); ok {
			p.end = end
			return nil
		}
		p.next.line = p.line
	}
	return p.statement(line)
}

func (p *parser) statement(line string) error {
	if p.section == "" {
		return fmt.Errorf("a statement before the first section")
	}
	body, over := strings.CutSuffix(strings.TrimRight(line, " "), p.end)
	if !over {
		p.text = append(p.text, line)
		return nil
	}
	p.next.sql = strings.Join(append(p.text, body), "\n")
	switch s := p.next; p.section {
	case "setup":
		p.c.setup = append(p.c.setup, s)
	case "workload":
		p.c.workload = append(p.c.workload, s)
	default:
		p.c.queries = append(p.c.queries, query{side: p.section, step: s})
	}
	p.text, p.next.fails = nil, 0
	return nil
}

func (p *parser) row(want string) error {
	if len(p.c.queries) == 0 || p.section == "same" {
		return fmt.Errorf("a row without a query before it")
	}
	q := &p.c.queries[len(p.c.queries)-1]
	q.want = append(q.want, want)
	return nil
}

// marker reads a comment line. Prose begins with a capital letter, so that a
// misspelt marker is an error.
func (p *parser) marker(words string) error {
	if first := words[0]; first < 'a' || first > 'z' {
		return nil
	}
	f := strings.Fields(words)
	if key, value, ok := strings.Cut(words, ":"); ok && p.section == "" {
		return p.head(strings.Fields(key), strings.TrimSpace(value))
	}
	switch {
	case len(f) == 1 && slices.Contains([]string{"setup", "workload", "same", "both", "source", "target"}, f[0]):
		p.section, p.next, p.end = f[0], step{}, ";"
	case f[0] == "connection" && len(f) <= 2:
		p.next.connection = strings.Join(f[1:], "")
	case f[0] == "on" && len(f) == 2 && slices.Contains([]string{"mysql", "mariadb", "any"}, f[1]):
		p.next.only = strings.TrimSuffix(f[1], "any")
	case f[0] == "fails" && len(f) == 2:
		n, err := strconv.ParseUint(f[1], 10, 16)
		p.next.fails = uint16(n)
		return err
	case f[0] == "solo" && len(f) == 1:
		p.c.solo = true
	default:
		return fmt.Errorf("no such marker: %q (prose begins with a capital letter)", words)
	}
	return nil
}

// head reads a "key: value" line.
func (p *parser) head(key []string, value string) error {
	switch key[0] {
	case "pairs":
		p.c.pairs = strings.Fields(value)
	case "paths":
		p.c.paths = strings.Fields(value)
	case "objects":
		p.c.objects = append(p.c.objects, value)
	case "pipeline":
		p.c.pipeline = append(p.c.pipeline, value)
	case "expect":
		e := expectation{where: key[1:]}
		e.kind, e.code, _ = strings.Cut(value, " ")
		e.code, e.text, _ = strings.Cut(e.code, " ")
		if !slices.Contains([]string{"equal", "refused", "stops"}, e.kind) || (e.kind == "equal") != (e.code == "") {
			return fmt.Errorf("expect is equal, refused <check> [words] or stops <code> [words]")
		}
		p.c.expect = append(p.c.expect, e)
	default:
		return fmt.Errorf("no such key: %q", key[0])
	}
	return p.words(slices.Concat(p.c.pairs, p.c.paths, key[1:]))
}

// words finds names of pairs and paths that are none.
func (p *parser) words(names []string) error {
	known := []string{copied, streamed, windowed}
	for _, pair := range pairs {
		known = append(known, pair.name)
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return fmt.Errorf("%q is neither a pair nor a path: there are %v", n, known)
		}
	}
	return nil
}

func TestParse(t *testing.T) {
	c, err := parse(`-- What it is about: prose.
-- pairs: mysql mariadb
-- expect: refused check some words
-- expect stream window: stops ddl
-- expect mariadb copy: equal

-- setup
CREATE TABLE t (id INT,
  -- a comment of the statement
  v INT);
-- on mariadb
SET x =
  1;
-- on any
DELIMITER //
CREATE TRIGGER a BEGIN x; END//

-- workload
-- connection b
-- fails 1062
INSERT INTO t VALUES (1);
INSERT INTO {db3}.t VALUES (1);
-- both
SELECT 1;
--> 1|2
`)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []struct{ got, want any }{
		{len(c.setup), 3}, {c.setup[1].only, "mariadb"}, {c.setup[1].sql, "SET x =\n  1"}, {c.setup[2].sql, "CREATE TRIGGER a BEGIN x; END"}, {c.setup[2].only, ""},
		{c.workload[0].connection, "b"}, {c.workload[0].fails, uint16(1062)}, {c.workload[1].fails, uint16(0)},
		{strings.Join(c.databases(), " "), "{db} {db3}"}, {c.queries[0].side, "both"}, {c.queries[0].want[0], "1|2"},
		{c.ends("mysql", copied).String(), "refused check some words"}, {c.ends("mysql", streamed).kind, "stops"}, {c.ends("mariadb", copied).kind, "equal"},
		{c.ends("mariadb", windowed).kind, "stops"}, {c.applies("mariadb-mysql", copied), false},
	} {
		if w.got != w.want {
			t.Errorf("got %v, wanted %v", w.got, w.want)
		}
	}
	for _, bad := range []string{"SELECT 1;", "-- setup\nSELECT 1", "-- setpu\n", "-- expect: stops\n-- setup\nSELECT 1;", "-- pairs: oracle\n", ""} {
		if _, err := parse(bad); err == nil {
			t.Errorf("no error in %q", bad)
		}
	}
}

// Every file can be read, with no server at hand.
func TestLoad(t *testing.T) {
	all, err := load("testdata")
	if err != nil || len(all) == 0 {
		t.Fatalf("%d cases: %v", len(all), err)
	}
}
