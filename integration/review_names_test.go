package integration

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	history  = regexp.MustCompile(`^\| (R\d+) \|`)
	testName = regexp.MustCompile("`(Test\\w+)(?:/[^`]*)?` \\(([\\w/]+)\\)")
)

// TestReviewHistories holds the table of review histories in README.md to what
// is there: 25 histories, each with tests that exist in the package it names.
func TestReviewHistories(t *testing.T) {
	f, err := os.Open("README.md")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	found := map[string]bool{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		m := history.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		found[m[1]] = true
		named := testName.FindAllStringSubmatch(lines.Text(), -1)
		if len(named) == 0 {
			t.Errorf("%s names no test", m[1])
		}
		for _, n := range named {
			if !declared(t, n[2], n[1]) {
				t.Errorf("%s: package %s has no %s", m[1], n[2], n[1])
			}
		}
	}
	for n := 1; n <= 25; n++ {
		if id := fmt.Sprintf("R%d", n); !found[id] {
			t.Errorf("%s is not in the table", id)
		}
	}
}

// declared reports whether a package's test files declare a test.
func declared(t *testing.T, pkg, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+name+"(t *testing.T)") {
			return true
		}
	}
	return false
}
