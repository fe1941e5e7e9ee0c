package dsl

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// localsSchema has no list of arguments: every name is one.
var localsSchema = &schema{kind: "locals", many: true}

// localOrder evaluates locals after what they use.
type localOrder struct {
	d     *decoder
	exprs map[string]*hclsyntax.Attribute
	path  []string // being evaluated, outermost first
	done  map[string]bool
}

func (d *decoder) readLocals(blocks []*hclsyntax.Block) {
	o := &localOrder{d: d, exprs: map[string]*hclsyntax.Attribute{}, done: map[string]bool{}}
	first := map[string]hcl.Range{}
	for _, blk := range blocks {
		d.open(localsSchema, blk, nil)
		for _, a := range sortedAttrs(blk.Body) {
			if d.unique(first, "local value", a.Name, a.NameRange) {
				o.exprs[a.Name] = a
			}
		}
	}
	for name := range o.exprs {
		d.locals[name] = cty.DynamicVal
	}
	for _, name := range sortedKeys(o.exprs) {
		o.visit(name)
	}
	clear(d.scopes) // they hold a copy made before the last local was known
}

// visit evaluates one local and, before it, those it names.
func (o *localOrder) visit(name string) {
	if o.done[name] {
		return
	}
	if i := slices.Index(o.path, name); i >= 0 {
		o.cycle(append(slices.Clone(o.path[i:]), name))
		return
	}
	o.path = append(o.path, name)
	attr := o.exprs[name]
	for _, tr := range attr.Expr.Variables() {
		if used, ok := localName(tr); ok && o.exprs[used] != nil {
			o.visit(used)
		}
	}
	o.path = o.path[:len(o.path)-1]
	if o.done[name] { // found to be part of a cycle
		return
	}
	o.done[name] = true
	clear(o.d.scopes)
	o.d.locals[name] = o.d.evaluate(attr.Expr, o.d.scope(attr.SrcRange.Filename))
}

// cycle reports locals that need each other, once, at the first one's name; the
// order is the same whichever of them was met first.
func (o *localOrder) cycle(names []string) {
	ring := names[:len(names)-1]
	at := slices.Index(ring, slices.Min(ring))
	ring = append(slices.Clone(ring[at:]), ring[:at]...)
	for _, n := range ring {
		o.done[n] = true
	}
	o.d.failAt(o.exprs[ring[0]].NameRange.Ptr(), "Cycle of local values", "These need each other: %s. Give one of them a value of its own.",
		"local."+strings.Join(append(ring, ring[0]), " → local."))
}

func localName(tr hcl.Traversal) (string, bool) {
	if tr.RootName() != "local" || len(tr) < 2 {
		return "", false
	}
	step, ok := tr[1].(hcl.TraverseAttr)
	return step.Name, ok
}
