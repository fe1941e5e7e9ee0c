package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// pair are the two sides of a migration.
type pair struct{ src, dst *dbtest.Server }

// sharedPair gives servers that other tests use too: source and target of one
// flavour are different servers.
func sharedPair(t *testing.T, from, to dbtest.Flavor) pair {
	t.Helper()
	return pair{
		src: dbtest.Shared(t, dbtest.Config{Flavor: from, ServerID: 11}),
		dst: dbtest.Shared(t, dbtest.Config{Flavor: to, ServerID: 22}),
	}
}

// file is a pipeline named p from one side to the other; body goes into its
// block.
func (p pair) file(body string) string { return p.fileAs(p.src.User, body) }

// fileAs is file with another account on both sides; its password is the same.
func (p pair) fileAs(user, body string) string {
	return fmt.Sprintf(`
endpoint "old" {
  address  = %q
  user     = %q
  password = env("INTEGRATION_PASSWORD")
}
endpoint "new" {
  address  = %q
  user     = %q
  password = env("INTEGRATION_PASSWORD")
}
pipeline "p" {
  from = endpoint.old
  to   = endpoint.new
  %s
}
`, p.src.Addr, user, p.dst.Addr, user, body)
}

// execute runs statements on a server's admin account.
func execute(t *testing.T, s *dbtest.Server, statements ...string) {
	t.Helper()
	for _, q := range statements {
		if _, err := s.DB().ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%s on %s: %v", strings.Join(strings.Fields(q), " "), s.Flavor, err)
		}
	}
}

// value reads one value.
func value(t *testing.T, s *dbtest.Server, q string) string {
	t.Helper()
	var v *string
	if err := s.DB().QueryRowContext(t.Context(), q).Scan(&v); err != nil {
		t.Fatalf("%s on %s: %v", q, s.Flavor, err)
	}
	if v == nil {
		return "NULL"
	}
	return *v
}

// dropLater removes databases of a shared server when the test ends.
func dropLater(t *testing.T, s *dbtest.Server, names ...string) {
	t.Cleanup(func() {
		for _, n := range names {
			s.DB().Exec("DROP DATABASE IF EXISTS `" + n + "`") // the server may be gone with the test
		}
	})
}
