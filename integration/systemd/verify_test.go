package systemd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const units = "../../packaging/systemd"

// systemd-analyze knows every setting; it says so also where its exit status
// is 0, so any line about our units is a finding.
func TestUnitsAreValid(t *testing.T) {
	for _, unit := range []string{"tidegate-daemon.service", "tidegate-agent@.service"} {
		t.Run(unit, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(units, unit))
			if err != nil {
				t.Fatal(err)
			}
			if found := verify(t, unit, string(text)); found != "" {
				t.Error(found)
			}
			if found := verify(t, unit, strings.Replace(string(text), "WatchdogSec=", "WatchDogSec=", 1)); found == "" {
				t.Error("a misspelt setting is not noticed: this test proves nothing")
			}
		})
	}
}

// verify gives what systemd-analyze says about a unit. The program a unit
// starts has to exist, so a stand-in takes its place.
func verify(t *testing.T, unit, text string) string {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		if testing.Short() {
			t.Skip("needs systemd-analyze")
		}
		t.Fatal("there is no systemd-analyze: run make deps")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "tidegate")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text, "ExecStart=/usr/bin/tidegate ") {
		t.Fatalf("%s does not start /usr/bin/tidegate", unit)
	}
	path := filepath.Join(dir, unit)
	text = strings.ReplaceAll(text, "/usr/bin/tidegate", program)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", path).CombinedOutput()
	var ours []string
	for line := range strings.Lines(string(out)) { // units of the host have their own findings
		if strings.Contains(line, unit) {
			ours = append(ours, line)
		}
	}
	if err != nil && len(ours) == 0 {
		t.Fatalf("systemd-analyze verify %s: %v\n%s", unit, err, out)
	}
	return strings.Join(ours, "")
}
