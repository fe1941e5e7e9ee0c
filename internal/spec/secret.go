package spec

import (
	"fmt"
	"os"
	"strings"
)

// Secret is a value that may never be shown: a reference that is resolved where
// it is used (env, file), or, where the file gave a literal or a variable, the
// value itself. Exactly one of the fields is set; none means "no secret".
//
// Every way of printing it (fmt, errors, loggers) gives "***". The JSON form
// carries the value, because the daemon must hand it to an agent: JSON of a
// spec never leaves the API, and what people are shown is made by Redacted.
type Secret struct {
	Env   string `json:"env,omitempty"`
	File  string `json:"file,omitempty"`
	Value string `json:"value,omitempty"`
}

// IsZero reports whether there is no secret at all.
func (s Secret) IsZero() bool { return s == Secret{} }

// String hides the value, and names a reference.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return "***"
}

// GoString hides the value from %#v.
func (s Secret) GoString() string { return "spec.Secret{***}" }

// Format hides the value from every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// Redacted returns the secret without a literal value: references stay, since
// they tell an operator where to look and nothing else.
func (s Secret) Redacted() Secret {
	if s.Value != "" {
		s.Value = "***"
	}
	return s
}

// Resolve gives the secret's value on this host. A file's trailing line break
// is not part of it.
func (s Secret) Resolve() (string, error) {
	switch {
	case s.Env != "":
		v, ok := os.LookupEnv(s.Env)
		if !ok {
			return "", fmt.Errorf("environment variable %s is not set on this host", s.Env)
		}
		return v, nil
	case s.File != "":
		b, err := os.ReadFile(s.File)
		if err != nil {
			return "", fmt.Errorf("read secret: %w", err)
		}
		return strings.TrimRight(string(b), "\r\n"), nil
	default:
		return s.Value, nil
	}
}
