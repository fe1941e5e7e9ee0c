package dsl

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	endpointsText = "endpoint \"a\" {\n  address = \"a\"\n  user    = \"u\"\n}\nendpoint \"b\" {\n  address = \"b\"\n  user    = \"u\"\n}\n"
	pipelineText  = "pipeline \"p\" {\n  from = endpoint.a\n  to   = endpoint.b\n  objects {\n    database \"d\" {}\n  }\n}\n"
)

func summaries(diags Diagnostics) []string {
	var out []string
	for _, d := range diags {
		out = append(out, fmt.Sprintf("%s:%d %s", filepath.Base(d.File), d.Line, d.Summary))
	}
	return out
}

// The files of a directory are one configuration; a file named as well is read once.
func TestLoadDirectory(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.hcl", pipelineText)
	b := write(t, dir, "b.hcl", endpointsText)
	write(t, dir, "notes.txt", "not hcl")
	write(t, dir, ".hidden.hcl", "not hcl")
	config, diags := Load([]string{dir, b}, Options{Env: noEnv})
	if len(diags) > 0 {
		t.Fatal(textOf(t, diags))
	}
	want := map[string]Place{"p": {File: filepath.Join(dir, "a.hcl"), Line: 1}}
	if diff := cmp.Diff(want, config.Places); diff != "" {
		t.Error(diff)
	}

	write(t, dir, "c.hcl", endpointsText+pipelineText)
	_, diags = Load([]string{dir}, Options{Env: noEnv})
	wantDiags := []string{"c.hcl:1 Duplicate endpoint", "c.hcl:5 Duplicate endpoint", "c.hcl:9 Duplicate pipeline"}
	if diff := cmp.Diff(wantDiags, summaries(diags)); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(diags[2].Detail, filepath.Join(dir, "a.hcl")+":1") {
		t.Errorf("the first place is not named: %s", diags[2].Detail)
	}
}

func TestLoadUnreadable(t *testing.T) {
	dir := t.TempDir()
	loop := filepath.Join(dir, "loop.hcl")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "gone.hcl"):         "no such file or directory. Check the path.",
		loop:                                   "too many levels of symbolic links. Make it a readable file or directory.",
		t.TempDir():                            "name a file, or another directory.",
		write(t, dir, "nul.hcl", "a\x00b"):     "",
		write(t, dir, "latin.hcl", "a = \xe4"): "",
	} {
		config, diags := Load([]string{path}, Options{Env: noEnv})
		if config != nil || !diags.HasErrors() || !strings.Contains(diags[0].Detail, want) {
			t.Errorf("%s: %v", path, diags)
		}
	}
}

func TestTooMuch(t *testing.T) {
	for name, src := range map[string]string{
		"brackets":  "locals {\n  a = " + strings.Repeat("(", 20000) + "\n}\n",
		"blocks":    strings.Repeat("a {\n", 20000),
		"templates": "locals {\n  a = " + strings.Repeat(`"${`, 10000) + "\n}\n",
		"unary":     "locals {\n  a = " + strings.Repeat("-", 100000) + "1\n}\n",
		"binary":    "locals {\n  a = 1" + strings.Repeat("+1", 100000) + "\n}\n",
		"index":     "locals {\n  a = b" + strings.Repeat("[0]", 100000) + "\n}\n",
		"question":  "locals {\n  a = " + strings.Repeat("true ? 1 : ", 20000) + "1\n}\n",
		"number":    "locals {\n  a = \"${1e999999999}\"\n}\n",
		"digits":    "locals {\n  a = " + strings.Repeat("9", 1000) + "\n}\n",
		"bytes":     "# " + strings.Repeat("x", maxFileBytes) + "\n",
	} {
		config, diags := LoadSource("x.hcl", []byte(src), Options{Env: noEnv})
		if config != nil || len(diags) != 1 || !strings.HasPrefix(diags[0].Summary, "File too") {
			t.Errorf("%s: %d findings, %.200v", name, len(diags), diags)
		}
	}
}

// -var over var files, the last of them first, over the environment, over the
// default.
func TestVariablePrecedence(t *testing.T) {
	dir := t.TempDir()
	one := write(t, dir, "one.vars", "b = \"one\"\nc = \"one\"\nd = \"one\"\n")
	two := write(t, dir, "two.vars", "c = \"two\"\nd = \"two\"\n")
	var src, labels strings.Builder
	for _, v := range []string{"x", "a", "b", "c", "d"} {
		fmt.Fprintf(&src, "variable %q {\n  default = \"default\"\n}\n", v)
		fmt.Fprintf(&labels, "%s = var.%s, ", v, v)
	}
	text := strings.Replace(pipelineText, "  objects", "  agent {\n    labels = { "+labels.String()+" }\n  }\n  objects", 1)
	config, diags := LoadSource("x.hcl", []byte(src.String()+endpointsText+text), Options{
		Vars: map[string]string{"d": "flag"}, VarFiles: []string{one, two},
		Env: func(n string) (string, bool) { return "env", n == "TIDEGATE_VAR_a" || n == "TIDEGATE_VAR_b" },
	})
	if len(diags) > 0 {
		t.Fatal(textOf(t, diags))
	}
	want := map[string]string{"x": "default", "a": "env", "b": "one", "c": "two", "d": "flag"}
	if diff := cmp.Diff(want, config.Pipelines[0].AgentLabels); diff != "" {
		t.Error(diff)
	}
}

func TestUndeclaredVariable(t *testing.T) {
	src := "variable \"shop\" {\n  default = \"x\"\n}\n"
	_, diags := LoadSource("x.hcl", []byte(src), Options{Vars: map[string]string{"shp": "y"}, Env: noEnv})
	if len(diags) != 1 || diags[0].Summary != "Undeclared variable" || !strings.Contains(diags[0].Detail, `Did you mean "shop"?`) {
		t.Error(diags)
	}
	if diags.Err() == nil || !strings.Contains(diags.Err().Error(), "Undeclared variable") {
		t.Error(diags.Err())
	}
}

// Every block type decodes with nothing in it, without a panic.
func TestEmptyBlocks(t *testing.T) {
	var walk func(before, after string, s *schema)
	walk = func(before, after string, s *schema) {
		open := s.kind
		if s.label != "" {
			open += ` "x"`
		}
		src := before + open + " {\n}\n" + after
		config, diags := LoadSource("x.hcl", []byte(src), Options{Env: noEnv})
		if config == nil && !diags.HasErrors() {
			t.Errorf("nothing came of:\n%s", src)
		}
		for _, d := range diags {
			if strings.HasPrefix(d.Summary, "Unknown") && s != alertSchema || strings.HasPrefix(d.Summary, "Misplaced") {
				t.Errorf("%s in:\n%s", d, src)
			}
		}
		for _, inner := range s.blocks {
			walk(before+open+" {\n", "}\n"+after, inner)
		}
	}
	for _, s := range fileSchema.blocks {
		walk("", "", s)
	}
	for _, src := range []string{"", "\n", "# nothing\n"} {
		if config, diags := LoadSource("x.hcl", []byte(src), Options{Env: noEnv}); config == nil || len(diags) > 0 {
			t.Errorf("%q: %v", src, diags)
		}
	}
}

// Go walks maps in another order each time; nobody may see that.
func TestSameResultEachTime(t *testing.T) {
	for _, path := range append(fixtures(t, "valid"), fixtures(t, "invalid")...) {
		var first string
		for i := range 8 {
			config, diags := readFixture(t, path).load()
			out := everyOutputInOrder(t, config, diags)
			if i == 0 {
				first = out
			} else if diff := cmp.Diff(first, out); diff != "" {
				t.Fatalf("%s, time %d:\n%s", path, i, diff)
			}
		}
	}
}

func everyOutputInOrder(t *testing.T, config *Config, diags Diagnostics) string {
	t.Helper()
	out := textOf(t, diags)
	if config != nil {
		b, err := json.Marshal(config.Pipelines)
		if err != nil {
			t.Fatal(err)
		}
		out += string(b)
	}
	return out
}

func TestFormat(t *testing.T) {
	got, diags := Format("x.hcl", []byte("locals {\na=1\n  long =   2 # two\n}\n"))
	if want := "locals {\n  a    = 1\n  long = 2 # two\n}\n"; string(got) != want || len(diags) > 0 {
		t.Errorf("got %q, %v", got, diags)
	}
	got, diags = Format("x.hcl", []byte("locals {\na = \n"))
	if got != nil || !diags.HasErrors() || diags[0].File != "x.hcl" {
		t.Errorf("a broken file was formatted: %q, %v", got, diags)
	}
}
