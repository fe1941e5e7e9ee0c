package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/tidegate-io/tidegate"

// pkg is what `go list` says of one package, tests left out.
type pkg struct {
	ImportPath string
	Standard   bool
	Module     *struct{ Path string }
	Imports    []string
	Deps       []string // all that it reaches
}

// list asks for every package of the module and all they need, in one call.
func list(t *testing.T) map[string]pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Standard,Module,Imports,Deps", module+"/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, stderr.String())
	}
	pkgs := make(map[string]pkg)
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs[p.ImportPath] = p
	}
}

// short writes our packages as the rules do: "/internal/spec".
func short(path string) string {
	if rest, ours := strings.CutPrefix(path, module); ours && (rest == "" || rest[0] == '/') {
		return "/" + strings.TrimPrefix(rest, "/")
	}
	return path
}

// covers reports whether path is at or below name.
func covers(name, path string) bool {
	if name == "/" {
		return strings.HasPrefix(path, "/")
	}
	return path == name || strings.HasPrefix(path, name+"/")
}

func coversAny(names []string, path string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return covers(n, path) })
}

// violations lists what a rule forbids of deps. A dependency at or below the
// rule's own folder is no violation, unless the rule is about everything.
func (r rule) violations(banned, deps []string, external func(string) bool) []string {
	var bad []string
	for _, dep := range deps {
		d := short(dep)
		if coversAny(r.except, d) || r.from != "/" && covers(r.from, d) {
			continue
		}
		if coversAny(banned, d) || slices.Contains(banned, "external") && external(dep) {
			bad = append(bad, d)
		}
	}
	return bad
}

func TestImports(t *testing.T) {
	pkgs := list(t)
	external := func(path string) bool {
		p, known := pkgs[path]
		return known && !p.Standard && (p.Module == nil || p.Module.Path != module)
	}
	var checked int
	for _, p := range pkgs {
		from := short(p.ImportPath)
		if from[0] != '/' {
			continue
		}
		checked++
		for _, r := range rules {
			if !covers(r.from, from) || r.from == "/" && coversAny(r.except, from) {
				continue
			}
			for _, d := range r.violations(r.never, p.Deps, external) {
				t.Errorf("%s may not depend on %s, even indirectly", from, d)
			}
			for _, d := range r.violations(r.direct, p.Imports, external) {
				t.Errorf("%s may not import %s", from, d)
			}
		}
	}
	if checked < 5 {
		t.Errorf("only %d packages of %s were seen", checked, module)
	}
}

// TestRulesFindViolations keeps the checker itself honest.
func TestRulesFindViolations(t *testing.T) {
	deps := []string{"fmt", "example.org/x", module + "/agent/apply", module + "/agent/apply/sqltext",
		module + "/agent/applyother", module + "/internal/spec"}
	external := func(path string) bool { return path == "example.org/x" }
	for _, c := range []struct {
		name string
		rule rule
		want []string
	}{
		{"a folder and what is below, not its namesake", rule{from: "/agent/verify", never: []string{"/agent/apply"}}, []string{"/agent/apply", "/agent/apply/sqltext"}},
		{"its own folder is free", rule{from: "/agent/apply", never: []string{"/agent/apply"}}, nil},
		{"all of ours but one", rule{from: "/dsl", never: []string{"/"}, except: []string{"/internal/spec", "/agent"}}, nil},
		{"everything outside std", rule{from: "/x", never: []string{"external"}}, []string{"example.org/x"}},
		{"a std package", rule{from: "/x", never: []string{"fmt"}}, []string{"fmt"}},
	} {
		if got := c.rule.violations(c.rule.never, deps, external); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
