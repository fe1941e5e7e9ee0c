package stream

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// rowEvent finds the header of the event of the log file that holds a text.
func rowEvent(t *testing.T, file, text string) (b []byte, at int) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for at := 4; at+19 <= len(b); {
		size := int(binary.LittleEndian.Uint32(b[at+9:]))
		if size < 19 || at+size > len(b) {
			break
		}
		if typ := b[at+4]; bytes.Contains(b[at:at+size], []byte(text)) && typ != 2 && typ != 29 && typ != 160 { // not the statement's text
			return b, at
		}
		at += size
	}
	t.Fatalf("no event of %s holds %q", file, text)
	return nil, 0
}

// TestBrokenHeader damages the length of an event in the source's log file, so
// that the source itself cannot read on. It answers with the number that it also
// has for purged logs and events that are too large.
func TestBrokenHeader(t *testing.T) {
	for _, cfg := range []dbtest.Config{gtidConfig, mariaConfig} {
		t.Run(string(kindOf(cfg)), func(t *testing.T) {
			t.Parallel()
			s := newSource(t, dbtest.Start(t, cfg))
			s.exec("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(50))")
			from := s.here()
			s.exec("INSERT INTO t VALUES (1,'whole')", "INSERT INTO t VALUES (2,'to-be-damaged')", "FLUSH BINARY LOGS")
			file := filepath.Join(s.server.Dir, from.File)
			for name, size := range map[string]uint32{"none": 0, "huge": 0x7ffffff0, "short": 25} {
				b, at := rowEvent(t, file, "to-be-damaged")
				whole := bytes.Clone(b)
				binary.LittleEndian.PutUint32(b[at+9:], size)
				if err := os.WriteFile(file, b, 0o644); err != nil {
					t.Fatal(err)
				}
				e := s.tap(from).failure()
				code, class := "source_log", mysql.Fatal
				if name == "huge" {
					code, class = "max_allowed_packet", mysql.Config // as far as the source's answer says
				}
				if e.Code != code || e.Class != class || !strings.Contains(e.Hint(), "damaged") {
					t.Errorf("%s: got %s %q: %v; %s", name, e.Class, e.Code, e, e.Hint())
				}
				if err := os.WriteFile(file, whole, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			wantLines(t, s.rest(from), "+t 1,whole", "+t 2,to-be-damaged")
		})
	}
}

// TestEventAbovePacket lowers what the source takes and sends in one packet below
// a row that is in its log: servers send what is in their log all the same.
func TestEventAbovePacket(t *testing.T) {
	for _, cfg := range []dbtest.Config{gtidConfig, mariaConfig} {
		t.Run(string(kindOf(cfg)), func(t *testing.T) {
			t.Parallel()
			s := newSource(t, dbtest.Start(t, cfg))
			s.exec("CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT)")
			from := s.here()
			row := strings.Repeat("x", 3000000)
			s.exec("INSERT INTO t VALUES (1,'"+row+"')", "SET GLOBAL max_allowed_packet = 65536", "SET GLOBAL slave_max_allowed_packet = 65536")
			if got := s.rest(from); len(got) != 1 || got[0] != "+t 1,"+row {
				t.Errorf("%d transactions, not the row", len(got))
			}
		})
	}
}
