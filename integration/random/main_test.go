package random

import (
	"os"
	"strconv"
	"testing"

	"github.com/tidegate-io/tidegate/integration/site"
)

func TestMain(m *testing.M) { os.Exit(site.Main(m, "fault")) }

// number reads one from the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
