package site

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// Keep saves all that tells how both sides came to differ: logs, status, the
// control tables and both servers' files with their binary logs. KEEP names the
// folder; without it only the control tables are shown.
func Keep(t *testing.T, s *Site, p Pair, pipeline string) {
	t.Helper()
	var text strings.Builder
	for _, args := range [][]string{{"--json", "status", pipeline}, {"events", pipeline}} {
		text.WriteString(s.Call(args...).String() + "\n")
	}
	for _, table := range []string{"run", "ledger", "table", "chunk", "debt", "intent"} {
		text.WriteString(rows(p.Dst, "_tidegate."+table))
	}
	for _, side := range []*dbtest.Server{p.Src, p.Dst} { // a run that hangs may wait for a statement
		text.WriteString(rows(side, "information_schema.PROCESSLIST"))
	}
	base := os.Getenv("KEEP")
	if base == "" {
		t.Log(text.String())
		return
	}
	to, err := os.MkdirTemp(base, strings.ReplaceAll(t.Name(), "/", "_")+"-")
	if err != nil {
		t.Log(err)
		return
	}
	if err := os.WriteFile(filepath.Join(to, "control.txt"), []byte(text.String()), 0o644); err != nil {
		t.Log(err)
	}
	for name, dir := range map[string]string{"site": s.Dir, "source": p.Src.Dir, "target": p.Dst.Dir} {
		if out, err := exec.Command("cp", "-a", dir, filepath.Join(to, name)).CombinedOutput(); err != nil {
			t.Logf("keep %s: %v: %s", dir, err, out)
		}
	}
	t.Logf("everything is in %s", to)
}

// rows shows a table.
func rows(s *dbtest.Server, table string) string {
	rows, err := s.DB().Query("SELECT * FROM " + table)
	if err != nil {
		return err.Error() + "\n"
	}
	defer rows.Close()
	names, _ := rows.Columns() // an open result has columns
	out := table + " " + strings.Join(names, ", ") + "\n"
	for rows.Next() {
		values, dest := make([]*string, len(names)), make([]any, len(names))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return out + err.Error() + "\n"
		}
		for _, v := range values {
			if v == nil {
				out += "NULL | "
				continue
			}
			out += (*v)[:min(len(*v), 200)] + " | "
		}
		out += "\n"
	}
	return out
}
