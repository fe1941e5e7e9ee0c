package integration

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/integration/mutation"
)

var (
	row      = regexp.MustCompile(`^\| ((?:N-)?[A-Z]\d+) \|`)
	testName = regexp.MustCompile("`(Test\\w+)(?:/[^`]*)?` \\(([\\w/]+)\\)")
	caseName = regexp.MustCompile("`([\\w/]+)` \\(cases\\)")
)

// TestReviewHistories holds the table of review histories in README.md to what
// is there: 25 histories, each with tests that exist in the package it names.
func TestReviewHistories(t *testing.T) {
	for id, line := range namedTests(t, "README.md", map[string]int{"R": 25}) {
		if !testName.MatchString(line) {
			t.Errorf("%s names no test", id)
		}
	}
}

// TestTraps does the same for TRAPS.md. A trap without a test says why there is
// none.
//
// A row may be open, or say why its trap cannot occur here, only if it is listed:
// neither list is to grow without somebody meaning it.
func TestTraps(t *testing.T) {
	open := []string{"N-S8"}
	reasoned := []string{"S15", "N-S18", "A19", "K3", "X1", "X4"}
	rows := namedTests(t, "TRAPS.md", map[string]int{"S": 26, "V": 21, "A": 20, "C": 10, "D": 8, "K": 7, "X": 6,
		"N-S": 21, "N-V": 12, "N-A": 9, "N-C": 14, "N-D": 10, "N-K": 6, "N-X": 8})
	for id, line := range rows {
		if strings.HasPrefix(strings.Split(line, "|")[3], " open: ") != slices.Contains(open, id) {
			t.Errorf("%s is open in the table or in the test, not in both", id)
		}
		tested := testName.MatchString(line) || caseName.MatchString(line)
		if !slices.Contains(open, id) && tested == slices.Contains(reasoned, id) {
			t.Errorf("%s has a test or is listed as having a reason, not one of both", id)
		}
	}
}

// namedTests reads a table's rows by their ids, which count up to last in each
// series, and holds the tests and cases they name to what is there.
func namedTests(t *testing.T, file string, last map[string]int) map[string]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	found := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		m := row.FindStringSubmatch(lines.Text())
		if m == nil || last[strings.TrimRight(m[1], "0123456789")] == 0 {
			continue
		}
		if found[m[1]] != "" {
			t.Errorf("%s is there twice", m[1])
		}
		found[m[1]] = lines.Text()
		for _, n := range testName.FindAllStringSubmatch(lines.Text(), -1) {
			if ok, err := mutation.Declares(filepath.Join("..", n[2]), n[1]); !ok {
				t.Errorf("%s: package %s has no %s, %v", m[1], n[2], n[1], err)
			}
		}
		for _, n := range caseName.FindAllStringSubmatch(lines.Text(), -1) {
			if _, err := os.Stat(filepath.Join("cases", "testdata", n[1]+".sql")); err != nil {
				t.Errorf("%s: %v", m[1], err)
			}
		}
	}
	for series, n := range last {
		for i := 1; i <= n; i++ {
			if id := fmt.Sprintf("%s%d", series, i); found[id] == "" {
				t.Errorf("%s is not in %s", id, file)
			}
		}
	}
	return found
}
