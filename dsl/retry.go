package dsl

import (
	"time"

	"github.com/tidegate-io/tidegate/internal/spec"
)

var retrySchema = &schema{kind: "retry", attrs: optional("window")}

func (b *body) retry() spec.Retry {
	return spec.Retry{Window: b.duration("window", limits[time.Duration]{def: time.Hour, min: 0, max: 7 * 24 * time.Hour})}
}
