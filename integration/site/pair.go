package site

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

const deadlock = 1213 // ER_LOCK_DEADLOCK

// Pair are the two sides of a migration.
type Pair struct{ Src, Dst *dbtest.Server }

// SharedPair gives servers that other tests use too: source and target of one
// flavour are different servers.
func SharedPair(t *testing.T, from, to dbtest.Flavor) Pair {
	t.Helper()
	return Pair{
		Src: dbtest.Shared(t, dbtest.Config{Flavor: from, ServerID: 11}),
		Dst: dbtest.Shared(t, dbtest.Config{Flavor: to, ServerID: 22}),
	}
}

// File is a pipeline named p from one side to the other; body goes into its
// block.
func (p Pair) File(body string) string { return p.FileAs(p.Src.User, body) }

// FileAs is File with another account on both sides; its password is the same.
func (p Pair) FileAs(user, body string) string {
	return p.EndpointsAs(user) + fmt.Sprintf(`pipeline "p" {
  from = endpoint.old
  to   = endpoint.new
  %s
}
`, body)
}

// EndpointsAs are the two sides in a pipeline file, endpoint.old and
// endpoint.new, with an account that both have.
func (p Pair) EndpointsAs(user string) string {
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
`, p.Src.Addr, user, p.Dst.Addr, user)
}

// Execute runs statements on a server's admin account, each a transaction of its
// own; one that is ended for its deadlock with a workload's is run again.
func Execute(t *testing.T, s *dbtest.Server, statements ...string) {
	t.Helper()
	for _, q := range statements {
		_, err := s.DB().ExecContext(t.Context(), q)
		for n := 0; mysql.Number(err) == deadlock && n < 100; n++ {
			_, err = s.DB().ExecContext(t.Context(), q)
		}
		if err != nil {
			t.Fatalf("%s on %s: %v", strings.Join(strings.Fields(q), " "), s.Flavor, err)
		}
	}
}

// Value reads one value.
func Value(t *testing.T, s *dbtest.Server, q string) string {
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

// DropLater removes databases of a shared server when the test ends.
func DropLater(t *testing.T, s *dbtest.Server, names ...string) {
	t.Cleanup(func() {
		for _, n := range names {
			s.DB().Exec("DROP DATABASE IF EXISTS `" + n + "`") // the server may be gone with the test
		}
	})
}

// Side names one of them.
func (p Pair) Side(name string) *dbtest.Server {
	if name == "source" {
		return p.Src
	}
	return p.Dst
}

// Release takes a cutover's fence away.
func Release(s *dbtest.Server) {
	s.DB().Exec("SET GLOBAL super_read_only = OFF") // MariaDB has no such variable
	s.DB().Exec("SET GLOBAL read_only = OFF")
}
