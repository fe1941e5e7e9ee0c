package mutation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const root = "../.."

var mutate = flag.Bool("mutate", false, "plant the bugs and run their tests")

// TestList holds the list to the code: each bug can be planted, its test is
// there, and every invariant of the data path has some.
func TestList(t *testing.T) {
	all, err := mutants()
	if err != nil {
		t.Fatal(err)
	}
	names, invariants := map[string]bool{}, map[string]int{}
	for _, m := range all {
		if names[m.name] {
			t.Errorf("%s is there twice", m.name)
		}
		names[m.name] = true
		if _, err := m.text(); err != nil {
			t.Error(err)
		}
		test, _, _ := strings.Cut(m.run, "/")
		if ok, err := Declares(filepath.Join(root, m.pkg), strings.Trim(test, "^$")); !ok {
			t.Errorf("%s: package %q has no test %q, %v", m.name, m.pkg, m.run, err)
		}
		for _, id := range regexp.MustCompile(`\bI-\d`).FindAllString(m.rule, -1) {
			invariants[id]++
		}
	}
	for i := range 9 {
		if id := fmt.Sprintf("I-%d", i); invariants[id] == 0 {
			t.Errorf("nothing breaks %s", id)
		}
	}
}

// TestMutants plants each bug, and wants its test to fail.
func TestMutants(t *testing.T) {
	if !*mutate {
		t.Skip("takes long: make mutants")
	}
	all, err := mutants()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		t.Run(m.name, func(t *testing.T) {
			if err := m.caught(t); err != nil {
				t.Errorf("%v\nin %s, the rule: %s", err, m.file, m.rule)
			}
		})
	}
}

// caught runs the test with the bug in the code, and returns an error if it does
// not fail. A build of the program by the test has the bug as well.
func (m *mutant) caught(t *testing.T) error {
	overlay, err := m.overlay(t.TempDir())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	args := []string{"test", "-vet=off", "-count=1", "-failfast", "-timeout=9m", "-run", m.run, "./" + m.pkg}
	if drawn, err := testsHave(filepath.Join(root, m.pkg), `"pgregory.net/rapid"`); err != nil {
		return err
	} else if drawn { // tests that keep what they drew when they fail, which here they are meant to
		args = append(args, "-rapid.nofailfile")
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+overlay))
	cmd.WaitDelay = 10 * time.Second // servers of a test that was ended may hold its output open
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return fmt.Errorf("not noticed by %s\n%s", strings.Join(cmd.Args, " "), tail(out))
	case !errors.As(err, &exit) || bytes.Contains(out, []byte("[build failed]")) || !bytes.Contains(out, []byte("--- FAIL: ")) && !bytes.Contains(out, []byte("panic: ")):
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, tail(out))
	}
	t.Logf("%s", reason(out))
	return nil
}

// overlay writes the changed file and what tells the compiler to take it.
func (m *mutant) overlay(dir string) (string, error) {
	text, err := m.text()
	if err != nil {
		return "", err
	}
	file, err := filepath.Abs(filepath.Join(root, m.file))
	if err != nil {
		return "", err
	}
	changed := filepath.Join(dir, filepath.Base(m.file))
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {file: changed}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, errors.Join(os.WriteFile(changed, []byte(text), 0o600), os.WriteFile(overlay, replace, 0o600))
}

// reason is what the first test that failed said.
func reason(out []byte) string {
	lines := strings.Split(string(out), "\n")
	for i, line := range lines {
		if strings.Contains(line, "--- FAIL: ") || strings.HasPrefix(line, "panic: ") {
			return strings.Join(lines[i:min(i+4, len(lines))], "\n")
		}
	}
	return ""
}

// tail is the end of a test's output.
func tail(out []byte) string {
	return string(out[max(0, len(out)-2000):])
}
