package cases

import (
	"os"
	"testing"

	"github.com/tidegate-io/tidegate/integration/site"
)

func TestMain(m *testing.M) { os.Exit(site.Main(m)) }
