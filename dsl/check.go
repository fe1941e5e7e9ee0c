package dsl

import (
	"errors"
	"regexp"

	"github.com/tidegate-io/tidegate/internal/spec"
)

var checkSchema = &schema{kind: "check", attrs: optional("skip")}

// checkID is the form of a check's id. Which ids exist, and which may be
// skipped without losing rows, the check stage knows.
var checkID = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

func (b *body) check() spec.Check {
	return spec.Check{Skip: b.strings("skip", nil, func(s string) error {
		if !checkID.MatchString(s) {
			return errors.New("is no id of a check; they look like \"primary-keys\", as tidegate check prints them")
		}
		return nil
	})}
}
