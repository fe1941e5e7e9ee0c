package cases

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// The ways rows get across. A case is written for none of them.
const (
	copied   = "copy"   // all is done before the run begins
	streamed = "stream" // the workload runs while nothing is behind
	windowed = "window" // the workload runs while the copy is going on
)

// pairs are the servers by the name that cases call them.
var pairs = []struct {
	name     string
	from, to dbtest.Flavor
}{
	{"mysql", dbtest.MySQL, dbtest.MySQL},
	{"mariadb", dbtest.MariaDB, dbtest.MariaDB},
	{"mariadb-mysql", dbtest.MariaDB, dbtest.MySQL},
}

// testCase is one file.
type testCase struct {
	group, name string
	pairs       []string // empty: all
	paths       []string // empty: all
	expect      []expectation
	objects     []string // lines for the database blocks of the pipeline
	pipeline    []string // lines for the pipeline, which then is the case's own
	solo        bool
	lenient     bool // a server's own test: its statements may fail
	setup       []step
	workload    []step
	queries     []query
}

// step is one statement, in the session it belongs to.
type step struct {
	line       int
	connection string
	only       string // flavour of the source; empty: all
	fails      uint16 // error number it has to end with
	sql        string
}

// query reads something that has to be right when all is over.
type query struct {
	side string // same, both, source, target
	step
	want []string // rows, columns joined by "|"; unused with same
}

// expectation is how a case ends where all of its words hold.
type expectation struct {
	where []string // paths and pairs
	kind  string   // equal, refused, stops
	code  string   // of the check's finding, or of the error
	text  string   // words of it
}

func (e expectation) String() string {
	return strings.TrimSpace(e.kind + " " + e.code + " " + e.text)
}

// ends tells how the case ends by a path on a pair: the last line that applies.
func (c *testCase) ends(pair, path string) expectation {
	out := expectation{kind: "equal"}
	for _, e := range c.expect {
		paths, on := true, true
		for _, w := range e.where {
			if w == copied || w == streamed || w == windowed {
				paths = paths && slices.ContainsFunc(e.where, func(x string) bool { return x == path })
			} else {
				on = on && slices.Contains(e.where, pair)
			}
		}
		if paths && on {
			out = e
		}
	}
	return out
}

// applies reports whether the case is for a pair and a path.
func (c *testCase) applies(pair, path string) bool {
	return (len(c.pairs) == 0 || slices.Contains(c.pairs, pair)) && (len(c.paths) == 0 || slices.Contains(c.paths, path))
}

// alone reports whether the case needs a pipeline of its own.
func (c *testCase) alone(pair, path string) bool {
	return c.solo || len(c.pipeline) > 0 || c.ends(pair, path).kind != "equal"
}

var placeholder = regexp.MustCompile(`\{db[23]\}`)

// databases lists the placeholders of databases that the pipeline selects.
func (c *testCase) databases() []string {
	out := []string{"{db}"}
	for _, s := range slices.Concat(c.setup, c.workload) {
		for _, p := range placeholder.FindAllString(s.sql, -1) {
			if !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	slices.Sort(out[1:])
	return out
}

var caseName = regexp.MustCompile(`^[a-z][a-z0-9_]{2,39}$`)

// load reads all cases.
func load(dir string) ([]*testCase, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.sql"))
	if err != nil {
		return nil, err
	}
	var out []*testCase
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(filepath.Base(f), ".sql")
		if !caseName.MatchString(name) {
			return nil, fmt.Errorf("%s: a case's name has 3 to 40 of a-z, 0-9 and _: databases are named after it", f)
		}
		c, err := parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s:%w", f, err)
		}
		c.group, c.name = filepath.Base(filepath.Dir(f)), name
		out = append(out, c)
	}
	return out, nil
}
