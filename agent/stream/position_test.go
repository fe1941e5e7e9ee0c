package stream

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// TestFileNumberGainsADigit reads over the file number 999999: the next name is
// the smaller text.
func TestFileNumberGainsADigit(t *testing.T) {
	for _, cfg := range []dbtest.Config{gtidConfig, fileConfig, mariaConfig} {
		t.Run(string(kindOf(cfg)), func(t *testing.T) {
			t.Parallel()
			s := newSource(t, dbtest.Start(t, cfg))
			s.exec("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))")
			s.renumber(999998)
			from := s.here()
			var want []string
			for i := range 4 {
				if i > 0 {
					s.exec("FLUSH BINARY LOGS")
				}
				want = append(want, s.history(4*i, 4)...)
			}
			end := s.here()
			if !strings.HasSuffix(from.File, ".999999") || !strings.HasSuffix(end.File, ".1000002") {
				t.Fatalf("the log goes from %s to %s", from.File, end.File)
			}
			p := s.tap(from)
			wantLines(t, p.upTo(end), want...)
			resumeEverywhere(t, s, p, end)
			if gap, ok, err := s.GapBytes(t.Context(), from); err != nil || !ok || gap < 1000 {
				t.Errorf("gap %d, %v, %v", gap, ok, err)
			}
			if err := s.CheckResume(t.Context(), end, change.NewSet(s.Kind())); err != nil {
				t.Errorf("at the end: %v", err)
			}
		})
	}
}

// renumber makes the server's last log file one of that number. The next start
// begins the next one.
func (s *source) renumber(n int) {
	s.t.Helper()
	if err := s.server.Halt(); err != nil {
		s.t.Fatal(err)
	}
	index := filepath.Join(s.server.Dir, "binlog.index")
	b, err := os.ReadFile(index)
	if err != nil {
		s.t.Fatal(err)
	}
	lines := strings.Fields(string(b))
	last := lines[len(lines)-1]
	dir, old := filepath.Split(last)
	name := fmt.Sprintf("binlog.%06d", n)
	lines[len(lines)-1] = dir + name
	if err := os.Rename(filepath.Join(s.server.Dir, old), filepath.Join(s.server.Dir, name)); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(index, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		s.t.Fatal(err)
	}
	if err := s.server.Restart(); err != nil {
		s.t.Fatal(err)
	}
	s.reconnect()
}

// TestFromNothing begins at the empty set of a server without history, and of
// one whose history was reset.
func TestFromNothing(t *testing.T) {
	for _, cfg := range []dbtest.Config{gtidConfig, mariaConfig} {
		t.Run(string(kindOf(cfg)), func(t *testing.T) {
			t.Parallel()
			s := newSource(t, dbtest.Start(t, cfg))
			reset := "RESET MASTER"
			if s.Kind() == change.MySQL {
				reset = "RESET BINARY LOGS AND GTIDS"
			}
			s.exec("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))", reset)
			from := s.here()
			if from.GTID != "" {
				t.Fatalf("a server without history is at %s", from)
			}
			want := s.history(0, 4)
			end := s.here()
			p := s.tap(from)
			wantLines(t, p.upTo(end), want...)
			resumeEverywhere(t, s, p, end)
		})
	}
}

// TestForeignHistory reads from a server that has purged transactions of its
// own: thousands of pieces of another server's set, or the place it had as a
// replica. "Now" must contain them, and so must every later place.
func TestForeignHistory(t *testing.T) {
	for _, cfg := range []dbtest.Config{gtidConfig, mariaConfig} {
		t.Run(string(kindOf(cfg)), func(t *testing.T) {
			t.Parallel()
			s := newSource(t, dbtest.Start(t, cfg))
			if s.Kind() == change.MySQL {
				s.exec("SET GLOBAL gtid_purged = '+" + pieces("dddddddd-0000-0000-0000-000000000004", 5000) + "'")
			} else {
				s.exec("SET GLOBAL gtid_slave_pos = '5-99-1000,0-98-1'")
			}
			s.exec("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))")
			before := change.NewSet(s.Kind())
			from := s.here()
			want := s.history(0, 8)
			end := s.here()
			p := s.tap(from)
			wantLines(t, p.upTo(end), want...)
			resumeEverywhere(t, s, p, end)
			if s.Kind() != change.MySQL {
				return
			}
			e := s.tap(change.Position{Kind: s.Kind(), GTID: before.String()}).failure()
			if e.Code != "position_purged" || e.Class != mysql.Fatal || !strings.Contains(e.Error(), "dddddddd-0000-0000-0000-000000000004") {
				t.Errorf("a place before the errant transactions: %s %q %.300v", e.Class, e.Code, e)
			}
		})
	}
}

// pieces is a set of n transactions with a gap behind each.
func pieces(source string, n int) string {
	var b strings.Builder
	b.WriteString(source)
	for i := range n {
		fmt.Fprintf(&b, ":%d", 2*i+1)
	}
	return b.String()
}

// TestServersOfOneDomain follows a MariaDB domain that two servers have written
// in turn, as after a switchover: the number counts, not the server.
func TestServersOfOneDomain(t *testing.T) {
	s := newSource(t, dbtest.Start(t, mariaConfig))
	s.exec("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))")
	from := s.here()
	s.exec("INSERT INTO t VALUES (1,'a')", "2: SET SESSION server_id=77", "2: INSERT INTO t VALUES (2,'b')", "INSERT INTO t VALUES (3,'c')", "2: INSERT INTO t VALUES (4,'d')", "2: INSERT INTO t VALUES (5,'e')")
	end := s.here()
	p := s.tap(from)
	wantLines(t, p.upTo(end), "+t 1,a", "+t 2,b", "+t 3,c", "+t 4,d", "+t 5,e")
	resumeEverywhere(t, s, p, end)
	set, err := p.at.Set()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CheckResume(t.Context(), p.at, set); err != nil {
		t.Errorf("behind both servers' transactions: %v", err)
	}
}
