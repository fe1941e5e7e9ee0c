package dsl

import (
	"fmt"
	"reflect"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tidegate-io/tidegate/internal/spec"
)

// endpointType carries an endpoint through an expression.
var endpointType = cty.Capsule("endpoint", reflect.TypeFor[spec.Endpoint]())

// endpointScope adds endpoint.NAME and endpoint.NAME["key"] to a scope.
func (d *decoder) endpointScope(base *hcl.EvalContext) *hcl.EvalContext {
	if d.endpointObject == cty.NilVal {
		d.endpointObject = d.endpointValue()
	}
	ctx := base.NewChild()
	ctx.Variables = map[string]cty.Value{"endpoint": d.endpointObject}
	return ctx
}

func (d *decoder) endpointValue() cty.Value {
	vals := map[string]cty.Value{}
	for name, decl := range d.endpoints {
		switch {
		case !decl.forEach:
			vals[name] = cty.CapsuleVal(endpointType, decl.instances[""])
		case decl.unknown:
			vals[name] = cty.DynamicVal
		default:
			keyed := map[string]cty.Value{}
			for key, e := range decl.instances {
				keyed[key] = cty.CapsuleVal(endpointType, e)
			}
			vals[name] = cty.ObjectVal(keyed)
		}
	}
	return cty.ObjectVal(vals)
}

// endpointRef reads from or to. It is nil where there is nothing to use.
func (b *body) endpointRef(attr string) *spec.Endpoint {
	if !b.has(attr) {
		return nil
	}
	expr := b.src.Attributes[attr].Expr
	before := len(b.d.diags)
	v, _ := b.d.evaluate(expr, b.d.endpointScope(b.ctx)).UnmarkDeep()
	for _, diag := range b.d.diags[before:] {
		if diag.Summary == "Invalid index" || diag.Summary == "Unsupported attribute" {
			diag.Summary, diag.Detail = "Unknown endpoint", b.d.keyHint(expr.Variables())
		}
	}
	switch {
	case !v.IsKnown():
		return nil
	case !v.IsNull() && v.Type().Equals(endpointType):
		return v.EncapsulatedValue().(*spec.Endpoint)
	case !v.IsNull() && v.Type() == cty.String:
		b.reject(attr, "A string names no endpoint; write endpoint.NAME, without quotes.")
	case !v.IsNull() && v.Type().IsObjectType():
		b.reject(attr, "%s", b.d.keyHint(expr.Variables()))
	default:
		b.reject(attr, "Write endpoint.NAME, or endpoint.NAME[\"key\"] if it has for_each.")
	}
	return nil
}

// keyHint says how the endpoint in an expression is to be named.
func (d *decoder) keyHint(names []hcl.Traversal) string {
	for _, tr := range names {
		if tr.RootName() != "endpoint" || len(tr) < 2 {
			continue
		}
		step, _ := tr[1].(hcl.TraverseAttr)
		decl := d.endpoints[step.Name]
		if decl == nil {
			continue
		}
		if !decl.forEach {
			return fmt.Sprintf("Write endpoint.%s and nothing behind it.", step.Name)
		}
		keys := sortedKeys(decl.instances)
		if len(keys) > 8 {
			keys = keys[:8]
		}
		return fmt.Sprintf("endpoint.%s has for_each; write endpoint.%s[KEY] with a key such as %s.", step.Name, step.Name, list(keys, "or"))
	}
	return "Write endpoint.NAME, or endpoint.NAME[\"key\"] if it has for_each."
}
