package dsl

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata/valid")

// fixture is a pipeline file with its circumstances and expectations in
// comments:
//
//	# ENV: NAME=value          # VAR: name=value          # VARFILE: name
//	… # ERROR: summary         … # WARNING: summary
type fixture struct {
	path string
	src  []byte
	opts Options
	want []string // "line severity summary", sorted
}

func readFixture(t testing.TB, path string) fixture {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := fixture{path: path, src: src, opts: Options{Vars: map[string]string{}, BaseDir: "/etc/tidegate/pipelines"}}
	env := map[string]string{}
	f.opts.Env = func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	sc := bufio.NewScanner(bytes.NewReader(src))
	for line := 1; sc.Scan(); line++ {
		text := sc.Text()
		if kv, ok := strings.CutPrefix(text, "# ENV: "); ok {
			k, v, _ := strings.Cut(kv, "=")
			env[k] = v
		}
		if kv, ok := strings.CutPrefix(text, "# VAR: "); ok {
			k, v, _ := strings.Cut(kv, "=")
			f.opts.Vars[k] = v
		}
		if name, ok := strings.CutPrefix(text, "# VARFILE: "); ok {
			f.opts.VarFiles = append(f.opts.VarFiles, filepath.Join(filepath.Dir(path), name))
		}
		for severity, sign := range map[Severity]string{SeverityError: "# ERROR: ", SeverityWarning: "# WARNING: "} {
			if _, summaries, ok := strings.Cut(text, sign); ok {
				for s := range strings.SplitSeq(summaries, "; ") {
					f.want = append(f.want, fmt.Sprintf("%03d %s %s", line, severity, s))
				}
			}
		}
	}
	slices.Sort(f.want)
	return f
}

func (f fixture) load() (*Config, Diagnostics) { return LoadSource(f.path, f.src, f.opts) }

func (f fixture) compare(t *testing.T, diags Diagnostics) {
	t.Helper()
	var got []string
	for _, d := range diags {
		got = append(got, fmt.Sprintf("%03d %s %s", d.Line, d.Severity, d.Summary))
		if d.Detail == "" || !strings.HasSuffix(d.Detail, ".") && !strings.HasSuffix(d.Detail, "?") && !strings.HasSuffix(d.Detail, "}") && !strings.HasSuffix(d.Detail, "…") {
			t.Errorf("no remedy in a sentence: %s", d)
		}
		if d.Line > 0 && d.Snippet == nil {
			t.Errorf("no snippet: %s", d)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(f.want, got); diff != "" {
		t.Errorf("findings, wanted (-) and got (+):\n%s\n%s", diff, textOf(t, diags))
	}
}

func textOf(t testing.TB, diags Diagnostics) string {
	t.Helper()
	var b bytes.Buffer
	if err := diags.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func fixtures(t testing.TB, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", dir, "*.hcl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d fixtures in %s, %v", len(files), dir, err)
	}
	return files
}

func TestValidFixtures(t *testing.T) {
	for _, path := range fixtures(t, "valid") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			f := readFixture(t, path)
			config, diags := f.load()
			f.compare(t, diags)
			if config == nil {
				t.Fatal("no config")
			}
			got, err := json.MarshalIndent(config.Pipelines, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(path, ".hcl") + ".json"
			if *update {
				if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
				t.Errorf("%s (-) and the result (+) differ; -update rewrites:\n%s", golden, diff)
			}
		})
	}
}

func TestInvalidFixtures(t *testing.T) {
	for _, path := range fixtures(t, "invalid") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			f := readFixture(t, path)
			if len(f.want) == 0 {
				t.Fatal("the fixture expects nothing")
			}
			config, diags := f.load()
			f.compare(t, diags)
			if config != nil {
				t.Error("a config in spite of errors")
			}
		})
	}
}
