package mutation

import (
	"bufio"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// mutant is one bug: some lines of a file, other lines in their place, and the
// test that has to fail with them.
type mutant struct {
	name, rule string
	file       string // of the module, with slashes
	old, new   string // whole lines
	pkg, run   string // the test's package, and what -run is told
}

// mutants reads testdata/*.txt.
//
//	= name: the rule that it breaks (I-n)
//	path/of/file.go
//	 a line that stays
//	-a line that goes
//	+a line that comes
//	test package/of/test TestName/subtest
func mutants() ([]*mutant, error) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		return nil, err
	}
	var all []*mutant
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		n := 0
		for lines := bufio.NewScanner(f); lines.Scan(); {
			n++
			if all, err = read(all, lines.Text()); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", file, n, err)
			}
		}
	}
	return all, nil
}

// read takes one more line.
func read(all []*mutant, line string) ([]*mutant, error) {
	if head, ok := strings.CutPrefix(line, "= "); ok {
		name, rule, _ := strings.Cut(head, ": ")
		return append(all, &mutant{name: name, rule: rule}), nil
	}
	if line == "" || len(all) == 0 {
		return all, nil
	}
	m := all[len(all)-1]
	switch test, isTest := strings.CutPrefix(line, "test "); {
	case isTest:
		m.pkg, m.run, _ = strings.Cut(test, " ")
	case m.file == "":
		m.file = line
	case line[0] == ' ':
		m.old += line[1:] + "\n"
		m.new += line[1:] + "\n"
	case line[0] == '-':
		m.old += line[1:] + "\n"
	case line[0] == '+':
		m.new += line[1:] + "\n"
	default:
		return nil, fmt.Errorf("%s: not understood: %q", m.name, line)
	}
	return all, nil
}

// text is the file with the bug in it.
func (m *mutant) text() (string, error) {
	text, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return "", err
	}
	if n := strings.Count("\n"+string(text), "\n"+m.old); m.old == "" || n != 1 {
		return "", fmt.Errorf("%s: the lines to go are in %s %d times, not once", m.name, m.file, n)
	}
	out := strings.Replace("\n"+string(text), "\n"+m.old, "\n"+m.new, 1)[1:]
	_, err = parser.ParseFile(token.NewFileSet(), m.file, out, 0)
	return out, err
}
