package dsl

import (
	"github.com/tidegate-io/tidegate/dsl/internal/literal"
	"github.com/tidegate-io/tidegate/internal/spec"
)

var startSchema = &schema{kind: "start", attrs: optional("at", "manual", "position")}

func (b *body) start(t spec.Type) spec.Start {
	s := spec.Start{Manual: b.flag("manual", false)}
	s.At, _ = checked(b, "at", s.At, literal.Time)
	s.Position, _ = checked(b, "position", "", literal.Position)
	if s.Manual && !s.At.IsZero() {
		b.reject("manual", "A run starts at a time or by hand, not both; leave out at or manual.")
	}
	if t == spec.TypeIncremental && s.Position == "" {
		s.Position = literal.PositionNow
	}
	if t != spec.TypeIncremental && s.Position != "" {
		b.reject("position", "Only a pipeline of type \"incremental\" begins at a given position; one of type %q takes its own before the copy.", string(t))
	}
	return s
}
