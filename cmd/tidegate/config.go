package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// settle fills in the flags that were not given, from the environment
// (TIDEGATE_DATA_DIR for --data-dir) and then from a file of "name = value"
// lines, the names being those of the flags.
func settle(c *cobra.Command, file string) error {
	values, err := readConfig(file)
	if err != nil {
		return err
	}
	for name := range values {
		if c.Flags().Lookup(name) == nil || name == "config" {
			return failf(exitUsage, "config", "see: tidegate "+c.Name()+" --help", "%s: there is no setting %q", file, name)
		}
	}
	var failed error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		v, from := os.Getenv("TIDEGATE_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))), "environment"
		if v == "" {
			v, from = values[f.Name], file
		}
		if f.Changed || v == "" || failed != nil {
			return
		}
		if err := c.Flags().Set(f.Name, v); err != nil {
			failed = failf(exitUsage, "config", "", "%s: %s = %q: %w", from, f.Name, v, err)
		}
	})
	return failed
}

// readConfig reads "name = value" lines. '#' begins a comment, ${NAME} stands
// for an environment variable, such as systemd's ${CREDENTIALS_DIRECTORY}.
func readConfig(file string) (map[string]string, error) {
	out := map[string]string{}
	if file == "" {
		return out, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, failf(exitUsage, "config", "", "read configuration: %w", err)
	}
	n := 0
	for line := range strings.Lines(string(b)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, failf(exitUsage, "config", "write: name = value", "%s:%d: %q is not a setting", file, n, line)
		}
		value = strings.Trim(strings.TrimSpace(value), `"`)
		out[strings.TrimSpace(name)] = os.Expand(value, func(v string) string { return os.Getenv(strings.Trim(v, "{}")) })
	}
	return out, nil
}

// labels reads a=b,c=d.
func labels(s string) (map[string]string, error) {
	out := map[string]string{}
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		k, v, ok := cut(part)
		if !ok {
			return nil, failf(exitUsage, "usage", "write them as: --labels site=a,rack=b", "label %q has no value", part)
		}
		out[k] = v
	}
	return out, nil
}

const tokenFileHint = "--token-file names a file that this account may read, with one token a line"

// firstToken is the first token of a token file, for a client of its own daemon.
func firstToken(path string) (string, error) {
	if path == "" {
		return os.Getenv("TIDEGATE_TOKEN"), nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", failf(exitUsage, "token-file", tokenFileHint, "read token file: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return line, nil
		}
	}
	return "", failf(exitUsage, "token-file", tokenFileHint, "token file %s holds no token", path)
}

// stateDir is where a person's own processes keep their data.
func stateDir(name string) string {
	base := os.Getenv("XDG_STATE_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			home = "."
		}
		base = home + "/.local/state"
	}
	dir := base + "/tidegate"
	if name != "" {
		dir += "/" + name
	}
	return dir
}
