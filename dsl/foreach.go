package dsl

import (
	"regexp"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// instanceKey fits keys that can be part of a pipeline's name on a command line.
var instanceKey = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

// instance is one use of a block: the only one, or one per element of for_each.
type instance struct {
	key string // "" without for_each
	ctx *hcl.EvalContext

	// rehearsal: for_each is empty or unknown. The block is decoded with unknown
	// values so that its mistakes show today, and the result is thrown away.
	rehearsal bool
}

// expand makes a block's instances. The second result says whether the block
// has for_each.
func (d *decoder) expand(blk *hclsyntax.Block) ([]instance, bool) {
	base := d.scope(blk.TypeRange.Filename)
	attr := blk.Body.Attributes["for_each"]
	if attr == nil {
		return []instance{{ctx: base}}, false
	}
	rehearsal := instance{ctx: eachScope(base, cty.UnknownVal(cty.String), cty.DynamicVal), rehearsal: true}
	v, marks := d.evaluate(attr.Expr, base).Unmark()
	at := attr.Expr.Range()
	switch {
	case len(marks) > 0:
		d.failAt(&at, "Invalid for_each", markedKeys)
		return []instance{rehearsal}, true
	case !v.IsKnown():
		return []instance{rehearsal}, true
	case v.IsNull() || !v.CanIterateElements():
		d.failAt(&at, "Invalid for_each", "Write a map, such as { eu = \"10.0.0.1\", us = \"10.0.0.2\" }, or a list of strings.")
		return []instance{rehearsal}, true
	}
	out := d.instances(v, base, at)
	if len(out) == 0 {
		return []instance{rehearsal}, true
	}
	return out, true
}

// markedKeys refuses marked keys, those from env and file too: keys become names,
// and names are shown everywhere. Values may be marked.
const markedKeys = "Its keys become names, so they cannot come from env, file or a sensitive variable. Write the keys here or set them by a plain variable, and look secrets up by them: var.passwords[each.key]."

func (d *decoder) instances(v cty.Value, base *hcl.EvalContext, at hcl.Range) []instance {
	byKey := v.Type().IsMapType() || v.Type().IsObjectType()
	var out []instance
	listed := map[string]bool{}
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		if !byKey {
			k = e
		}
		if k.IsMarked() {
			d.failAt(&at, "Invalid for_each", markedKeys)
			return nil
		}
		if !k.IsKnown() || k.IsNull() || k.Type() != cty.String {
			d.failAt(&at, "Invalid for_each", "Its elements are no plain strings. Write a list of strings, or a map whose keys name the instances.")
			return nil
		}
		key := k.AsString()
		if !instanceKey.MatchString(key) {
			d.failAt(&at, "Invalid for_each", "The key %q cannot be part of a name; use letters, digits, \"_\", \".\" and \"-\".", key)
			continue
		}
		if listed[key] {
			d.failAt(&at, "Invalid for_each", "%q is listed twice.", key)
			continue
		}
		listed[key] = true
		out = append(out, instance{key: key, ctx: eachScope(base, k, e)})
	}
	return out
}

func eachScope(base *hcl.EvalContext, key, val cty.Value) *hcl.EvalContext {
	ctx := base.NewChild()
	ctx.Variables = map[string]cty.Value{"each": cty.ObjectVal(map[string]cty.Value{"key": key, "value": val})}
	return ctx
}
