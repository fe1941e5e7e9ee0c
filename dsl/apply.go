package dsl

import (
	"errors"
	"slices"

	"github.com/tidegate-io/tidegate/internal/spec"
)

var applySchema = &schema{
	kind:  "apply",
	attrs: optional("lanes", "batch_bytes", "batch_rows", "on_conflict", "max_rate", "ddl"),
}

// ddlKinds are the kinds of schema changes that can be chosen one by one.
var ddlKinds = []string{
	"create_database", "alter_database", "drop_database",
	"create_table", "alter_table", "drop_table", "rename_table", "truncate_table",
	"create_index", "drop_index", "create_view", "drop_view",
}

func (b *body) apply() spec.Apply {
	a := spec.Apply{
		Lanes:      int(b.number("lanes", limits[int64]{def: 4, min: 1, max: 128})),
		BatchBytes: b.size("batch_bytes", limits[int64]{def: spec.DefaultBatchBytes, min: 16 * kib, max: 64 * mib}),
		BatchRows:  int(b.number("batch_rows", limits[int64]{def: spec.DefaultBatchRows, min: 1, max: 1e6})),
		OnConflict: spec.Conflict(b.choice("on_conflict", string(spec.ConflictFail), string(spec.ConflictOverwrite), string(spec.ConflictIgnore))),
		MaxRate:    b.rate("max_rate", limits[int64]{min: kib, max: tib}),
		DDL:        b.strings("ddl", []string{"*"}, ddlKind),
	}
	if slices.Contains(a.DDL, "*") && len(a.DDL) > 1 {
		b.reject("ddl", "\"*\" is every kind already; write [\"*\"], or the kinds without it.")
	}
	return a
}

func ddlKind(s string) error {
	if s == "*" || slices.Contains(ddlKinds, s) {
		return nil
	}
	if n := nearest(s, ddlKinds); n != "" {
		return errors.New("is no kind of schema change; the nearest is \"" + n + "\"")
	}
	return errors.New("is no kind of schema change; write [\"*\"], or some of " + list(ddlKinds, "and"))
}
