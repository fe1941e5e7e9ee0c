package crash

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// keep saves all that tells how both sides came to differ: logs, status, the
// control tables and both servers' files with their binary logs. KEEP names the
// folder; without it only the control tables are shown.
func (r *rig) keep() {
	var text strings.Builder
	for _, args := range [][]string{{"--json", "status", "p"}, {"events", "p"}} {
		text.WriteString(r.Call(args...).String() + "\n")
	}
	for _, table := range []string{"run", "ledger", "table", "chunk", "debt", "intent"} {
		text.WriteString(r.rows("_tidegate." + table))
	}
	r.t.Log(text.String())
	base := os.Getenv("KEEP")
	if base == "" {
		return
	}
	to, err := os.MkdirTemp(base, strings.ReplaceAll(r.t.Name(), "/", "_")+"-")
	if err != nil {
		r.t.Log(err)
		return
	}
	for name, dir := range map[string]string{"site": r.Dir, "source": r.Src.Dir, "target": r.Dst.Dir} {
		if out, err := exec.Command("cp", "-a", dir, filepath.Join(to, name)).CombinedOutput(); err != nil {
			r.t.Logf("keep %s: %v: %s", dir, err, out)
		}
	}
	r.t.Logf("everything is in %s", to)
}

// rows shows a table of the target.
func (r *rig) rows(table string) string {
	rows, err := r.Dst.DB().Query("SELECT * FROM " + table)
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
