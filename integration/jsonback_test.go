package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// TestJSONToMariaDB: JSON of a MySQL is text on a MariaDB, with a CHECK. It is the
// text that MySQL prints, by copy and by stream, and compared so; a document that
// the CHECK refuses stops the run by name (N-V8).
func TestJSONToMariaDB(t *testing.T) {
	if testing.Short() {
		t.Skip("needs servers; not with -short")
	}
	s, p := site.New(t), site.SharedPair(t, dbtest.MySQL, dbtest.MariaDB)
	site.DropLater(t, p.Src, "docs")
	site.DropLater(t, p.Dst, "docs")
	documents := []string{`{"b": 1, "a": 2, "a": 3}`, `null`, `1.0`, `1e10`, `-0.0`, `18446744073709551615`, `"text"`, `""`, `[]`, `{}`, `{"": {"": [1.5, true, null]}}`,
		`"\u00e9\ud83d\ude00 \\ \/ \" \n"`, `[1, 2.50, "x", {"k": "v"}]`, strings.Repeat("[", 30) + strings.Repeat("]", 30)}
	insert := func(base int) {
		for i, d := range documents {
			if _, err := p.Src.DB().Exec("INSERT INTO docs.t (id, j) VALUES (?, ?)", base+i, d); err != nil {
				t.Fatal(d, err)
			}
		}
	}
	site.Execute(t, p.Src, "CREATE DATABASE docs", "CREATE TABLE docs.t (id INT PRIMARY KEY, j JSON, k JSON NOT NULL DEFAULT (JSON_OBJECT('d', 1.0)))")
	insert(0)
	s.Dev()
	s.Apply(s.Write("p.hcl", p.File("objects {\n    database \"docs\" {}\n  }\n  retry {\n    window = \"5s\"\n  }")))
	s.CaughtUpTo(t, p)
	insert(100)
	site.Execute(t, p.Src, `UPDATE docs.t SET j = JSON_SET(j, '$.a', 'new', '$.z', 1.10) WHERE JSON_TYPE(j) = 'OBJECT'`, `INSERT INTO docs.t (id, j) VALUES (200, NULL)`)
	s.CaughtUpTo(t, p)
	for _, id := range []string{"0", "2", "3", "112", "113"} {
		q := "SELECT CAST(j AS CHAR) FROM docs.t WHERE id = " + id
		if a, b := site.Value(t, p.Src, q), site.Value(t, p.Dst, q); a != b {
			t.Errorf("document %s is %s on the source and %s on the target", id, a, b)
		}
	}
	if a := s.Call("verify", "p", "--wait"); a.Code != 0 {
		t.Errorf("verify: %s", a)
	}
	site.Execute(t, p.Dst, "UPDATE docs.t SET k = REPLACE(k, '1.0', '1.1') WHERE id = 5")
	if a := s.Call("verify", "p", "--wait"); a.Code == 0 || !strings.Contains(a.Out+a.Err, "docs.t") {
		t.Errorf("a changed digit was not found: %s", a)
	}
	site.Execute(t, p.Dst, "UPDATE docs.t SET k = REPLACE(k, '1.1', '1.0') WHERE id = 5")

	site.Execute(t, p.Src, fmt.Sprintf("INSERT INTO docs.t (id, j) VALUES (300, '%s%s')", strings.Repeat("[", 100), strings.Repeat("]", 100)))
	var st site.Status
	s.Until(90*time.Second, "the deep document to be there, or the run in error", func() (bool, string) {
		st, _ = s.Status("p")
		n := site.Value(t, p.Dst, "SELECT COUNT(*) FROM docs.t WHERE id = 300")
		return n == "1" || st.State == run.Errored, n + " " + string(st.State)
	})
	if st.State == run.Errored {
		t.Logf("%+v", st.Error)
		if !strings.Contains(st.Error.Message, "docs.t") || st.Error.Remedy == "" {
			t.Errorf("told as %+v", st.Error)
		}
		return
	}
	if a := s.Call("verify", "p", "--wait"); a.Code != 0 {
		t.Errorf("verify: %s", a)
	}
}
