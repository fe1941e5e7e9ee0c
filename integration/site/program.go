package site

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// program is the binary under test, built once per test process.
var program string

// Program is the binary's path, for tests that start it on their own.
func Program() string { return program }

// Main is the body of a TestMain: it builds the program with the tags, runs the
// tests, and returns their exit status.
func Main(m *testing.M, tags ...string) int {
	flag.Parse()
	os.Setenv("INTEGRATION_PASSWORD", dbtest.Password) // fails only for names with "="
	if testing.Short() {
		return m.Run()
	}
	if program = os.Getenv("TIDEGATE_PROGRAM"); program != "" { // one that is built already
		return dbtest.Tests(m).Run()
	}
	dir, err := os.MkdirTemp("", "tidegate-integration-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "tidegate")
	build := exec.Command("go", "build", "-tags", strings.Join(tags, ","), "-o", program, "github.com/tidegate-io/tidegate/cmd/tidegate")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build tidegate: %v\n%s", err, out)
		return 1
	}
	return dbtest.Tests(m).Run()
}
