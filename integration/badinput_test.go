package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// one is a database with one table, to be selected by a pipeline.
const one = "objects {\n    database \"bad\" {}\n  }"

func makeOne(t *testing.T, s *dbtest.Server) {
	t.Helper()
	site.Execute(t, s, "CREATE DATABASE bad", "CREATE TABLE bad.t (id INT PRIMARY KEY, v VARCHAR(20) NOT NULL)", "INSERT INTO bad.t VALUES (1,'one'),(2,'two')")
}

// found is what the checks of a plan say of things that are not in order.
type found struct {
	all  []run.Finding
	code int // the command's exit status
}

func (f found) String() string {
	out := fmt.Sprintf("exit status %d\n", f.code)
	for _, v := range f.all {
		out += fmt.Sprintf("  %s %s %s: %s\n    remedy: %s\n", v.Level, v.ID, v.Object, v.Found, v.Remedy)
	}
	return out
}

func findings(t *testing.T, s *site.Site, file string) found {
	t.Helper()
	a := s.Call("--json", "plan", file)
	var said struct {
		Plans []struct {
			Plan *run.PlanReport `json:"plan"`
		} `json:"plans"`
	}
	if err := json.Unmarshal([]byte(a.Out), &said); err != nil || len(said.Plans) != 1 || said.Plans[0].Plan == nil {
		t.Fatalf("plan: %v: %s", err, a)
	}
	out := found{code: a.Code}
	for _, f := range said.Plans[0].Plan.Check.Findings {
		if f.Level == run.LevelError || f.Level == run.LevelWarning {
			out.all = append(out.all, f)
		}
	}
	return out
}

var statement = regexp.MustCompile(`\b(?:GRANT|SET|ALTER|RENAME|DROP|XA) [^;]*;`)

// cure runs the statements of a remedy, as they are printed.
func cure(t *testing.T, s *dbtest.Server, remedy string) {
	t.Helper()
	all := statement.FindAllString(remedy, -1)
	if len(all) == 0 {
		t.Errorf("the remedy holds no statement: %s", remedy)
	}
	for _, q := range all {
		if _, err := s.DB().ExecContext(t.Context(), q); err != nil {
			t.Errorf("the remedy %q does not run on %s: %v", q, s.Flavor, err)
		}
	}
}

// TestServerSettings breaks one thing at a time: the check must refuse with one
// finding that names it, and running the remedy must cure it.
func TestServerSettings(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			s := site.New(t)
			p := site.Pair{Src: dbtest.Start(t, dbtest.Config{Flavor: flavor}), Dst: dbtest.Shared(t, dbtest.Config{Flavor: flavor, ServerID: 22})}
			site.DropLater(t, p.Dst, "bad")
			makeOne(t, p.Src)
			file := s.Write("p.hcl", p.File(one))
			s.Dev()
			s.Up()
			if f := findings(t, s, file); len(f.all) != 0 || f.code != 0 {
				t.Fatalf("nothing is wrong, and the plan says: %s", f)
			}
			for _, c := range []struct {
				name, check, found, level string
				only                      dbtest.Flavor
				broken                    []string
				atTarget                  bool
			}{
				{name: "statement format", check: "binlog-format", found: "binlog_format is STATEMENT", broken: []string{"SET GLOBAL binlog_format = STATEMENT"}},
				{name: "mixed format", check: "binlog-format", found: "binlog_format is MIXED", broken: []string{"SET GLOBAL binlog_format = MIXED"}},
				{name: "minimal images", check: "binlog-row-image", found: "binlog_row_image is MINIMAL", broken: []string{"SET GLOBAL binlog_row_image = MINIMAL"}},
				{name: "no blobs in images", check: "binlog-row-image", found: "binlog_row_image is NOBLOB", broken: []string{"SET GLOBAL binlog_row_image = NOBLOB"}},
				{name: "partial documents", only: dbtest.MySQL, check: "binlog-row-value-options", found: "PARTIAL_JSON", broken: []string{"SET GLOBAL binlog_row_value_options = PARTIAL_JSON"}},
				{name: "mode half way", only: dbtest.MySQL, check: "gtid-mode", found: "ON_PERMISSIVE", broken: []string{"SET GLOBAL gtid_mode = ON_PERMISSIVE"}},
				{name: "no transaction ids", only: dbtest.MySQL, check: "gtid-mode", found: "gtid_mode is OFF", level: run.LevelWarning,
					broken: []string{"SET GLOBAL gtid_mode = ON_PERMISSIVE", "SET GLOBAL gtid_mode = OFF_PERMISSIVE", "SET GLOBAL gtid_mode = OFF"}},
				{name: "short log", check: "binlog-retention", found: "keeps the log for 1m0s", level: run.LevelWarning, broken: []string{"SET GLOBAL binlog_expire_logs_seconds = 60"}},
				{name: "table exists", check: "target-conflicts", found: "of this name is on the target", atTarget: true,
					broken: []string{"CREATE DATABASE bad", "CREATE TABLE bad.t (x INT)"}},
			} {
				if c.only != "" && c.only != flavor {
					continue
				}
				t.Run(c.name, func(t *testing.T) {
					side := p.Src
					if c.atTarget {
						side = p.Dst
					}
					site.Execute(t, side, c.broken...)
					found, status := findings(t, s, file), 3
					if c.level == run.LevelWarning {
						status = 0
					}
					if len(found.all) != 1 || found.code != status {
						t.Fatalf("wanted one finding and status %d: %s", status, found)
					}
					f := found.all[0]
					if f.ID != c.check || !strings.Contains(f.Found, c.found) || f.Why == "" || f.Remedy == "" {
						t.Errorf("the finding is %+v", f)
					}
					cure(t, side, f.Remedy)
					if after := findings(t, s, file); len(after.all) != 0 || after.code != 0 {
						t.Errorf("after the remedy %q: %s", f.Remedy, after)
					}
				})
			}
			t.Run("no log", func(t *testing.T) {
				if err := p.Src.Restart("--skip-log-bin"); err != nil {
					t.Fatal(err)
				}
				f := findings(t, s, file)
				if len(f.all) != 1 || f.all[0].ID != "binlog-enabled" || !strings.Contains(f.all[0].Remedy, "log_bin") || f.code != 3 {
					t.Errorf("without a log: %s", f)
				}
			})
			t.Run("server id 0", func(t *testing.T) {
				if err := p.Src.Restart("--server-id=0"); err != nil {
					t.Fatal(err)
				}
				f := findings(t, s, file)
				if flavor == dbtest.MariaDB && len(f.all) == 0 {
					return // it makes 1 of it
				}
				if len(f.all) != 1 || f.all[0].ID != "server-id" || f.code != 3 {
					t.Fatalf("server_id 0: %s", f)
				}
				cure(t, p.Src, f.all[0].Remedy)
				if f := findings(t, s, file); len(f.all) != 0 {
					t.Errorf("after the remedy: %s", f)
				}
			})
		})
	}
}

// TestEndpoints asks for servers that cannot be used.
func TestEndpoints(t *testing.T) {
	s := site.New(t)
	p := site.SharedPair(t, dbtest.MySQL, dbtest.MySQL)
	makeOne(t, p.Src)
	site.DropLater(t, p.Src, "bad")
	s.Env = []string{"WRONG=wrong"}
	s.Dev()
	s.Up()
	good := p.File(one)
	for _, c := range []struct{ name, text, found, hint string }{
		{"wrong password", strings.Replace(good, `env("INTEGRATION_PASSWORD")`, `env("WRONG")`, 1), "Access denied", "check user and password"},
		{"unset password", strings.Replace(good, `env("INTEGRATION_PASSWORD")`, `env("NOT_SET_ANYWHERE")`, 1), "NOT_SET_ANYWHERE", "set the variable"},
		{"unreadable password", strings.Replace(good, `env("INTEGRATION_PASSWORD")`, `file("/nowhere/password")`, 1), "/nowhere/password", "provide the file"},
		{"nobody listens", strings.Replace(good, p.Src.Addr, "127.0.0.1:1", 1), "127.0.0.1:1", "check address, port, firewall"},
		{"no such host", strings.Replace(good, p.Src.Addr, "nowhere.invalid:3306", 1), "nowhere.invalid", "check address, port, firewall"},
		{"wrong flavour", strings.Replace(good, `endpoint "old" {`, "endpoint \"old\" {\n  flavor = \"mariadb\"", 1), "mariadb", "flavor"},
		{"no TLS authority", strings.Replace(good, `endpoint "old" {`, "endpoint \"old\" {\n  tls {\n    mode = \"verify-full\"\n  }", 1), "certificate", "ca_file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := s.Write("p.hcl", c.text)
			found := findings(t, s, file)
			if len(found.all) != 1 || found.code != 3 {
				t.Fatalf("wanted one finding and status 3: %s", found)
			}
			f := found.all[0]
			if f.ID != "connect" || f.Object != "source" || !strings.Contains(f.Found, c.found) || !strings.Contains(f.Remedy, c.hint) {
				t.Errorf("the finding is %+v", f)
			}
			// The same from the run that apply begins.
			s.Must("apply", file, "--yes")
			s.InState(30*time.Second, "p", run.CheckFailed)
			if a := s.Call("wait", "p", "--for", "caught_up", "--timeout", "30s"); a.Code != 3 {
				t.Errorf("wait: %s", a)
			}
			if a := s.Call("check", "p"); a.Code != 3 || !strings.Contains(a.Out, c.hint) {
				t.Errorf("check: %s", a)
			}
			s.Must("delete", "p")
		})
	}
}

// TestFiles gives the program files and settings that cannot be used: one
// message with a remedy, and status 2.
func TestFiles(t *testing.T) {
	s := site.New(t)
	p := site.SharedPair(t, dbtest.MySQL, dbtest.MySQL)
	makeOne(t, p.Src)
	site.DropLater(t, p.Src, "bad")
	good := s.Write("p.hcl", p.File(one))
	dev := s.Dev("--labels", "site=a")
	s.Up()
	secret := s.Write("locked.hcl", p.File(one))
	if err := os.Chmod(secret, 0); err != nil {
		t.Fatal(err)
	}
	locked := filepath.Join(s.Dir, "a-file-not-a-directory")
	s.Write("a-file-not-a-directory", "")
	cases := []struct {
		name string
		args []string
		has  []string
	}{
		{"unknown attribute", []string{"validate", s.Write("attribute.hcl", p.File("copy {\n    thread = 2\n  }\n"+one))}, []string{"attribute.hcl", "thread", `Did you mean "threads"`}},
		{"unknown attribute, applied", []string{"apply", s.Write("attribute.hcl", p.File("copy {\n    thread = 2\n  }\n"+one)), "--yes"}, []string{"attribute.hcl", "thread", `Did you mean "threads"`}},
		{"no such file", []string{"apply", filepath.Join(s.Dir, "none.hcl"), "--yes"}, []string{"none.hcl"}},
		{"a directory without files", []string{"apply", t.TempDir(), "--yes"}, []string{".hcl"}},
		{"labels nobody carries", []string{"apply", s.Write("labels.hcl", p.File("agent {\n labels = { site = \"b\" }\n }\n"+one)), "--yes"}, []string{"site=b", "site=a", "start an agent with these labels"}},
		{"no daemon", []string{"--address", "http://127.0.0.1:1", "status"}, []string{"127.0.0.1:1", "tidegate dev"}},
		{"no such pipeline", []string{"status", "none"}, []string{"none"}},
		{"port in use", []string{"dev", "--listen", s.Address, "--data-dir", filepath.Join(s.Dir, "other")}, []string{s.Address, "in use", "--listen"}},
		{"data directory in use", []string{"dev", "--listen", "127.0.0.1:0", "--data-dir", filepath.Join(s.Dir, "dev")}, []string{"in use by process", "--data-dir"}},
		{"data directory in use, daemon", []string{"daemon", "--listen", "127.0.0.1:0", "--data-dir", filepath.Join(s.Dir, "dev")}, []string{"in use by process", "--data-dir"}},
		{"data directory is a file", []string{"daemon", "--listen", "127.0.0.1:0", "--data-dir", locked}, []string{locked, "--data-dir"}},
		{"no settings file", []string{"daemon", "--config", filepath.Join(s.Dir, "none.conf")}, []string{"none.conf"}},
		{"unknown setting", []string{"daemon", "--config", s.Write("bad.conf", "lissten = 127.0.0.1:0\n")}, []string{"bad.conf", "lissten"}},
		{"no token file", []string{"daemon", "--token-file", filepath.Join(s.Dir, "none.token")}, []string{"none.token", "one token a line"}},
		{"open to all", []string{"daemon", "--listen", "0.0.0.0:0", "--data-dir", filepath.Join(s.Dir, "other")}, []string{"--token-file"}},
		{"no such state", []string{"wait", "p", "--for", "done"}, []string{"done", "caught_up"}},
		{"no such command", []string{"aply", good}, []string{"apply"}},
		{"nothing to wait for", []string{"wait", "p"}, []string{"--for STATE", "caught_up"}},
		{"a time without a unit", []string{"wait", "p", "--for", "caught_up", "--timeout", "3"}, []string{"missing unit", "--timeout 10m"}},
		{"too few arguments", []string{"report", "p"}, []string{"usage: tidegate report PIPELINE"}},
		{"nothing to format", []string{"fmt", filepath.Join(s.Dir, "none.hcl")}, []string{"none.hcl", "name pipeline files"}},
		{"operation on a pipeline nobody knows", []string{"cutover", "none"}, []string{"none", "tidegate status"}},
		{"wait for a pipeline nobody knows", []string{"wait", "none", "--for", "caught_up"}, []string{"none", "tidegate status"}},
		{"no such flag", []string{"apply", good, "--force"}, []string{"--force"}},
	}
	if os.Geteuid() != 0 { // root reads everything
		cases = append(cases, struct {
			name string
			args []string
			has  []string
		}{"unreadable file", []string{"apply", secret, "--yes"}, []string{"locked.hcl", "permission denied"}})
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := s.Call(c.args...)
			if a.Code != 2 {
				t.Errorf("wanted status 2: %s", a)
			}
			for _, want := range c.has {
				if !strings.Contains(a.Err, want) {
					t.Errorf("the message lacks %q: %s", want, a)
				}
			}
			if n := strings.Count(a.Err, "Error:"); n != 1 {
				t.Errorf("%d messages instead of one: %s", n, a)
			}
		})
	}
	select {
	case <-dev.Done:
		t.Error("the process that had port and directory is gone")
	default:
	}
}
