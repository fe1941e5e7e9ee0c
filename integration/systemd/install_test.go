package systemd

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// install puts the program, units and config files below root as a packager
// does, and checks the config files against the program.
func install(t *testing.T, root string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "make", "-C", "../..", "install", "DESTDIR="+root)
	for _, v := range os.Environ() { // a make that runs this test is another one
		if !strings.HasPrefix(v, "MAKE") && !strings.HasPrefix(v, "MFLAGS") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make install: %v\n%s", err, out)
	}
	for _, service := range []string{"daemon", "agent"} {
		checkConfig(t, root, service)
	}
}

// A setting as the config files show it: commented out, and set to its default.
var shown = regexp.MustCompile(`(?m)^#([a-z-]+) = (.+)$`)

// Settings without a default show an example.
var examples = []string{"token-file", "pipelines", "labels", "metrics-listen"}

// checkConfig holds a config file to the flags of its command: each is there,
// and with its default, unless the unit gives it.
func checkConfig(t *testing.T, root, service string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "etc/tidegate", service+".conf"))
	if err != nil {
		t.Fatal(err)
	}
	help, err := exec.CommandContext(t.Context(), filepath.Join(root, "usr/bin/tidegate"), service, "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	own, _, _ := strings.Cut(string(help), "Global Flags:")
	in := map[string]string{}
	for _, m := range shown.FindAllStringSubmatch(string(text), -1) {
		in[m[1]] = m[2]
	}
	for _, m := range regexp.MustCompile(`(?m)^ +(?:-h, )?--([a-z-]+).*?(?:\(default "?([^")]*)"?\))?$`).FindAllStringSubmatch(own, -1) {
		name, standard := m[1], m[2]
		value, ok := in[name]
		delete(in, name)
		switch {
		case name == "help" || name == "config" || name == "data-dir" || name == "id": // of the unit
		case !ok:
			t.Errorf("%s.conf says nothing of --%s", service, name)
		case standard != value && !strings.Contains(" "+strings.Join(examples, " ")+" ", " "+name+" "):
			t.Errorf("%s.conf says that the default of %s is %q; it is %q", service, name, value, standard)
		}
	}
	for name := range in {
		t.Errorf("%s.conf shows a setting %s that tidegate %s does not have", service, name, service)
	}
}

// pipelineFile moves the schema from one endpoint to the other. The password
// comes by a credential of the agent's unit.
func pipelineFile(from, to, user, schema string) string {
	return fmt.Sprintf(`
endpoint "old" {
  address  = %q
  user     = %q
  password = file("/run/credentials/tidegate-agent@main.service/shop")
}

endpoint "new" {
  address  = %q
  user     = %q
  password = file("/run/credentials/tidegate-agent@main.service/shop")
}

pipeline "shop" {
  from = endpoint.old
  to   = endpoint.new

  objects {
    database %q {}
  }
}
`, from, user, to, user, schema)
}
