package crash

import (
	"os"
	"strconv"
	"testing"

	"github.com/tidegate-io/tidegate/integration/site"
)

func TestMain(m *testing.M) { os.Exit(site.Main(m, "fault")) }

// seed is what a test's faults and workload follow from.
func seed(t *testing.T) uint64 {
	t.Helper()
	n := uint64(20261123)
	if text := os.Getenv("SEED"); text != "" {
		var err error
		if n, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("SEED: %v", err)
		}
	}
	t.Logf("SEED=%d", n)
	return n
}
