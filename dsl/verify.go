package dsl

import (
	"github.com/tidegate-io/tidegate/dsl/internal/literal"
	"github.com/tidegate-io/tidegate/internal/spec"
)

const (
	methodFull   = "full"
	methodSample = "sample"
	methodCount  = "count"
)

var verifySchema = &schema{kind: "verify", attrs: optional("method", "percent", "when", "tables", "threads")}

func (b *body) verify() spec.Verify {
	v := spec.Verify{
		Method:  b.choice("method", methodFull, methodSample, methodCount),
		Percent: int(b.number("percent", limits[int64]{min: 1, max: 100})),
		When:    b.choice("when", "manual", "caught_up"),
		Tables:  b.strings("tables", nil, literal.QualifiedPattern),
		Threads: int(b.number("threads", limits[int64]{def: 2, min: 1, max: 64})),
	}
	switch {
	case v.Method == methodSample && v.Percent == 0:
		v.Percent = 10
	case v.Method != methodSample && v.Percent != 0:
		b.reject("percent", "Method %q looks at everything; write method = \"sample\", or leave percent out.", v.Method)
	}
	if b.emptyList("tables") {
		b.reject("tables", "An empty list compares nothing; leave the argument out to compare every table.")
	}
	return v
}
