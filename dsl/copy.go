package dsl

import "github.com/tidegate-io/tidegate/internal/spec"

const (
	kib = int64(1) << 10
	mib = kib << 10
	gib = mib << 10
	tib = gib << 10
)

var copySchema = &schema{
	kind:  "copy",
	attrs: optional("threads", "chunk", "max_rate", "max_rows", "defer_index", "load_data"),
}

// deferFrom is the size from which building indexes after the rows pays: below,
// the statement alone takes longer than what it saves.
const deferFrom = 16 * mib

func (b *body) copy() spec.Copy {
	c := spec.Copy{
		Threads:    int(b.number("threads", limits[int64]{def: 4, min: 1, max: 128})),
		ChunkBytes: b.size("chunk", limits[int64]{def: 16 * mib, min: 64 * kib, max: gib}),
		MaxRate:    b.rate("max_rate", limits[int64]{min: kib, max: tib}),
		MaxRows:    b.number("max_rows", limits[int64]{min: 1, max: 1e12}),
		DeferIndex: b.flag("defer_index", true),
		LoadData:   b.flag("load_data", true),
	}
	if c.DeferIndex && !b.has("defer_index") {
		c.DeferFrom = deferFrom
	}
	return c
}
