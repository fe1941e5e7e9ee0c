package dsl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// leak is part of every secret in the tests below and in testdata.
const leak = "hunter2"

// everyOutput is all that this package would show of a load.
func everyOutput(t testing.TB, config *Config, diags Diagnostics) string {
	t.Helper()
	var out bytes.Buffer
	for _, d := range diags {
		if err := d.writeText(&out, 80, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := diags.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&out, "%v %+v %#v\n", diags, diags, diags)
	if err := diags.Err(); err != nil {
		fmt.Fprintln(&out, err)
	}
	if config != nil { // a Secret prints as stars; the values around it must not repeat it
		fmt.Fprintf(&out, "%v %+v\n", config.Pipelines, config.Pipelines)
	}
	return out.String()
}

func checkNoLeak(t *testing.T, config *Config, diags Diagnostics) {
	t.Helper()
	out := everyOutput(t, config, diags)
	for line := range strings.SplitSeq(out, "\n") {
		if strings.Contains(line, leak) {
			t.Errorf("secret shown: %s", line)
		}
	}
}

func TestFixturesShowNoSecret(t *testing.T) {
	for _, path := range fixtures(t, "invalid") {
		config, diags := readFixture(t, path).load()
		checkNoLeak(t, config, diags)
	}
}

// What people mistype around a password, and what goes wrong with a good one.
func TestSecretsAreNotShown(t *testing.T) {
	endpoint := func(lines string) string {
		return "endpoint \"a\" {\n  address = \"a\"\n  user = \"u\"\n" + lines + "\n}\n"
	}
	named := func(old, with string) string { return endpointsText + strings.Replace(pipelineText, old, with, 1) }
	sensitive := "variable \"pw\" {\n  sensitive = true\n  default = \"hunter2-default\"\n}\n"
	for name, src := range map[string]string{
		"literal":              endpoint(`password = "hunter2"`),
		"no quotes":            endpoint(`password = hunter2`),
		"no quotes, dashes":    endpoint(`password = hunter2-x!y`),
		"no quotes, dots":      endpoint(`password = my.hunter2.x`),
		"no quotes, digits":    endpoint(`password = 12hunter2`),
		"as a call":            endpoint(`password("hunter2")`),
		"calls itself":         endpoint(`password = hunter2("x")`),
		"for_each key":         "endpoint \"a\" {\n for_each = [env(\"PW\")]\n address = \"a b\"\n user = \"u\"\n flavor = each.key\n}\n",
		"for_each bad key":     "endpoint \"a\" {\n for_each = [\"${env(\"PW\")} x\"]\n address = \"a\"\n user = \"u\"\n}\n",
		"for_each map key":     "endpoint \"a\" {\n for_each = { \"${env(\"PW\")} x\" = 1 }\n address = \"a\"\n user = \"u\"\n}\n",
		"for_each of a set":    "endpoint \"a\" {\n for_each = toset([env(\"PW\")])\n address = \"a b\"\n user = each.key\n}\n",
		"for_each decoded":     "endpoint \"a\" {\n for_each = { (env(\"PW\")) = {} }\n address = each.key\n user = each.value\n}\n",
		"each.value":           "endpoint \"a\" {\n for_each = { x = env(\"PW\") }\n address = \"a b\"\n user = \"u\"\n flavor = each.value\n}\n",
		"rename":               named("database \"d\" {}", "database \"d\" {\n rename = env(\"PW\")\n }\n database \"e\" {\n rename = env(\"PW\")\n }"),
		"table rename":         named("database \"d\" {}", "database \"d\" {\n table \"x\" {\n rename = env(\"PW\")\n }\n table \"y\" {\n rename = env(\"PW\")\n }\n }"),
		"null label":           named("  objects", "  agent {\n labels = { (env(\"PW\")) = null }\n }\n  objects"),
		"pipeline name":        named("  from", "  for_each = [env(\"PW\")]\n  from"),
		"file by env":          endpoint(`user = file(env("PW"))`),
		"file by a local":      "locals { x = env(\"PW\") }\n" + endpoint(`user = [for f in [local.x] : file(f)][0]`),
		"env by a variable":    sensitive + endpoint(`user = env(var.pw)`),
		"top-level":            "password \"hunter2\" {}\n",
		"single quotes":        endpoint(`password = 'hunter2'`),
		"no closing quote":     endpoint(`password = "hunter2`),
		"no opening quote":     endpoint(`password = hunter2"`),
		"quote inside":         endpoint(`password = "a"hunter2"`),
		"bad escape":           endpoint(`password = "hunter2\x"`),
		"template start":       endpoint(`password = "hunter2${"`),
		"dollar":               endpoint(`password = "hunter2${x"`),
		"colon":                endpoint(`password: "hunter2"`),
		"no sign":              endpoint(`password "hunter2"`),
		"as a block":           endpoint(`password { value = "hunter2" }`),
		"mistyped name":        endpoint(`passwrd = "x"` + "\n" + `Password = "hunter2"`),
		"two on a line":        "endpoint \"a\" { user = \"u\" password = \"hunter2\" }",
		"comma":                endpoint(`password = "hunter2",`),
		"heredoc":              endpoint("password = <<E\nhunter2\nE\nfoo"),
		"heredoc left open":    endpoint("password = <<E\nhunter2"),
		"number":               endpoint(`password = ["hunter2"]`),
		"comment":              endpoint(`password = 1 + "x" # was hunter2`),
		"quote open above":     "endpoint \"a\" {\n  user = \"u\n  password = \"hunter2\"\n}\n",
		"wrong index":          sensitive + endpoint(`password = { a = "x" }[var.pw]`),
		"as a number":          sensitive + endpoint(`password = 1 + var.pw`),
		"in a function":        sensitive + endpoint(`password = parseint(var.pw, 10)`),
		"decoded":              sensitive + endpoint(`password = base64decode(var.pw)`),
		"json":                 sensitive + endpoint(`password = jsondecode(var.pw)`),
		"regex":                sensitive + endpoint(`password = regex("x", var.pw)`),
		"regex pattern":        sensitive + endpoint(`password = regex("(${var.pw}", "x")`),
		"as a user":            sensitive + endpoint(`flavor = var.pw`),
		"through a local":      sensitive + "locals { x = upper(var.pw) }\n" + endpoint(`flavor = local.x`),
		"local of env":         "locals { x = env(\"PW\") }\n" + endpoint(`flavor = local.x`+"\n"+`compress = local.x`),
		"env as size":          "locals { x = env(\"PW\") }\n" + endpoint(`password = local.x + 1`),
		"env as key":           endpoint(`password = {}[env("PW")]`),
		"env in a list":        endpoint(`password = index(["a"], env("PW"))`),
		"env as for_each":      "endpoint \"a\" {\n for_each = env(\"PW\")\n address = \"a\"\n user = \"u\"\n}\n",
		"default of bad type":  "variable \"x\" {\n  sensitive = true\n  type = number\n  default = \"hunter2\"\n}\n",
		"default, broken":      "variable \"x\" {\n  sensitive = true\n  default = \"hunter2\n}\n",
		"default before":       "variable \"x\" {\n  default = hunter2\n  sensitive = true\n}\n",
		"one line":             "variable \"x\" { sensitive = true, default = \"hunter2\" }\n",
		"address with account": "endpoint \"a\" {\n  address = \"mysql://u:hunter2@a\"\n  user = \"u\"\n}\n",
		"address, broken":      "endpoint \"a\" {\n  address = \"u:hunter2@a\n  user = \"u\"\n}\n",
		"object":               "locals {\n  x = { db_password = \"hunter2\" }.y\n}\n",
		"object, quoted":       "locals {\n  x = { \"password\" : \"hunter2\" }.y\n}\n",
		"unused local":         "locals {\n  api_token = \"hunter2\" + 1\n}\n",
		"file":                 endpoint(`flavor = file("secret.txt")`),
		"file, parsed":         endpoint(`password = parseint(file("secret.txt"), 10)`),
		"var file, wrong type": "variable \"n\" {\n  type = number\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "secret.txt", "hunter2-file\n")
			vars := write(t, dir, "x.vars", "n = \"hunter2\"\nunused = \"hunter2-unused\"\n")
			opts := Options{BaseDir: dir, VarFiles: []string{vars}, Env: func(n string) (string, bool) {
				return "hunter2-env", n == "PW"
			}}
			config, diags := LoadSource("x.hcl", []byte(src), opts)
			checkNoLeak(t, config, diags)
			if config == nil && !diags.HasErrors() {
				t.Error("no config and no error")
			}
		})
	}
}

func TestBrokenVariableFilesShowNothing(t *testing.T) {
	for _, vars := range []string{
		`pw = "hunter2`, `pw = hunter2`, `pw "hunter2"`, `pw = "a" "hunter2"`, `pw = upper("hunter2")`,
		`pw = { a = "hunter2" }.b`, "pw = <<E\nhunter2", `pw { x = "hunter2" }`, `other = "hunter2"`, `pw = ["hunter2"]`,
	} {
		t.Run(vars, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "dsl") // t.TempDir has the secret in its name
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = os.RemoveAll(dir) }()
			path := write(t, dir, "x.vars", vars+"\n")
			src := "variable \"pw\" {\n  sensitive = true\n  type = string\n}\n"
			config, diags := LoadSource("x.hcl", []byte(src), Options{VarFiles: []string{path}, Env: noEnv})
			if !diags.HasErrors() {
				t.Error("accepted")
			}
			checkNoLeak(t, config, diags)
		})
	}
}

func TestSecretsByTheCommandLineAreNotShown(t *testing.T) {
	for typ, given := range map[string]string{
		"number": leak, "bool": leak, "list(string)": leak, "map(string)": `{ a = hunter2 }`,
		"object({ a = number })": `{ a = "hunter2" }`, "list(number)": `["hunter2"]`,
	} {
		src := "variable \"x\" {\n  type = " + typ + "\n}\n"
		for _, opts := range []Options{
			{Vars: map[string]string{"x": given}, Env: noEnv},
			{Env: func(n string) (string, bool) { return given, n == "TIDEGATE_VAR_x" }},
		} {
			config, diags := LoadSource("x.hcl", []byte(src), opts)
			if !diags.HasErrors() {
				t.Errorf("%s: accepted", typ)
			}
			checkNoLeak(t, config, diags)
		}
	}
}

// Only a whole env or file call is a reference; everything else is a value.
func TestSecretReferences(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "pw", "from-file\n")
	for expr, want := range map[string]string{
		`env("X")`:               `{"env":"X"}`,
		`(env("X"))`:             `{"env":"X"}`,
		`"${env("X")}"`:          `{"env":"X"}`,
		`env("X${1}")`:           `{"env":"X1"}`,
		`file("pw")`:             `{"file":"` + dir + `/pw"}`,
		`file("./a/../pw")`:      `{"file":"` + dir + `/pw"}`,
		`file("/abs/pw")`:        `{"file":"/abs/pw"}`,
		`"x${env("SET")}"`:       `{"value":"xfrom-env"}`,
		`trimspace(file("pw"))`:  `{"value":"from-file"}`,
		`true ? env("SET") : ""`: `{"value":"from-env"}`,
		`"literal"`:              `{"value":"literal"}`,
		`""`:                     `{}`,
		`null`:                   `{}`,
	} {
		src := `
endpoint "a" {
  address  = "a"
  user     = "u"
  password = ` + expr + `
}
endpoint "b" {
  address = "b"
  user    = "u"
}
pipeline "p" {
  from = endpoint.a
  to   = endpoint.b
  objects {
    database "d" {}
  }
}
`
		path := write(t, dir, "p.hcl", src)
		config, diags := Load([]string{path}, Options{Env: func(n string) (string, bool) { return "from-env", n == "SET" }})
		if diags.HasErrors() {
			t.Errorf("%s: %v", expr, diags.Err())
			continue
		}
		got, err := json.Marshal(config.Pipelines[0].From.Password)
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, want %s (%v)", expr, got, want, err)
		}
		if warned := len(diags) > 0; warned != (expr == `"literal"`) {
			t.Errorf("%s: warnings %v", expr, diags)
		}
	}
}

func write(t testing.TB, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
