package dsl

import (
	"time"

	"github.com/tidegate-io/tidegate/internal/spec"
)

var cutoverSchema = &schema{kind: "cutover", attrs: optional("hold", "fence_source", "timeout", "reverse")}

func (b *body) cutover() spec.Cutover {
	return spec.Cutover{
		Hold:        b.duration("hold", limits[time.Duration]{def: 10 * time.Second, min: 0, max: 24 * time.Hour}),
		FenceSource: b.flag("fence_source", false),
		Timeout:     b.duration("timeout", limits[time.Duration]{def: time.Minute, min: time.Second, max: 24 * time.Hour}),
		Reverse:     b.flag("reverse", false),
	}
}
