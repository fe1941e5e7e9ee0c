package dsl

import "github.com/tidegate-io/tidegate/internal/spec"

var targetSchema = &schema{kind: "target", attrs: optional("read_only")}

func (b *body) target() spec.Target {
	return spec.Target{ReadOnly: b.flag("read_only", false)}
}
