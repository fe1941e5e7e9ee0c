package dsl

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzLoad: whatever the file, Load comes back with a config or an error, the
// findings can be written, a password is not among them, and formatting keeps
// the meaning.
func FuzzLoad(f *testing.F) {
	seeds := append(fixtures(f, "valid"), fixtures(f, "invalid")...)
	examples, _ := filepath.Glob(examplesDir + "/*.hcl")
	for _, path := range append(seeds, examples...) {
		src, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte("pipeline \"p\" {\n  for_each = { a = var.pw }\n  from = endpoint.x[each.key]\n}\n"))
	f.Add([]byte("endpoint \"x\" {\n  for_each = [env(\"PW\")]\n  address  = upper(each.key)\n  flavor   = local.x\n}\nlocals {\n  x = env(\"PW\")\n}\n"))
	f.Add([]byte("endpoint \"x\" {\n  password = \"${env(\"PW\")}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		// The secret comes by env("PW") only, so that it cannot stand in src.
		const secret = "kT9-outside-secret"
		if bytes.Contains(src, []byte("format")) || bytes.Contains(src, []byte(secret)) {
			t.Skip() // a width of a billion is honest work for format, not a finding
		}
		opts := Options{BaseDir: "/nonexistent", Env: func(n string) (string, bool) {
			if strings.HasPrefix(n, envPrefix) {
				return "given", true
			}
			return secret, n == "PW"
		}}
		config, diags := LoadSource("fuzz.hcl", src, opts)
		if (config == nil) != diags.HasErrors() {
			t.Fatalf("config %v with %v", config, diags)
		}
		var out bytes.Buffer
		if err := diags.WriteText(&out); err != nil {
			t.Fatal(err)
		}
		if err := diags.WriteJSON(&out); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), secret) {
			t.Fatalf("secret shown:\n%s", out.String())
		}
		formatted, formatDiags := Format("fuzz.hcl", src)
		if config == nil {
			return
		}
		if formatDiags.HasErrors() {
			t.Fatalf("loads but cannot be formatted: %v", formatDiags)
		}
		again, _ := LoadSource("fuzz.hcl", formatted, opts)
		before, _ := json.Marshal(config.Pipelines)
		after := []byte("gone")
		if again != nil {
			after, _ = json.Marshal(again.Pipelines)
		}
		if !bytes.Equal(before, after) {
			t.Fatalf("formatting changed the meaning:\n%s\n%s", before, after)
		}
	})
}
