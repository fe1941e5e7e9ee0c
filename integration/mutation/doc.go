// Package mutation plants bugs in the program's own code, one at a time, and
// holds the suite to noticing each. See integration/README.md.
package mutation

import (
	"os"
	"path/filepath"
	"strings"
)

// Declares reports whether a test file in the folder declares a test.
func Declares(dir, test string) (bool, error) {
	return testsHave(dir, "\nfunc "+test+"(t *testing.T)")
}

func testsHave(dir, text string) (bool, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return false, err
	}
	for _, file := range files {
		have, err := os.ReadFile(file)
		if err != nil || strings.Contains(string(have), text) {
			return err == nil, err
		}
	}
	return false, nil
}
