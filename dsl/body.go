package dsl

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// body is one block held against its schema, with the scope its expressions see.
// A block that is not written is a body too: every read gives the default.
type body struct {
	d      *decoder
	schema *schema
	src    *hclsyntax.Body // nil: not written
	ctx    *hcl.EvalContext
	head   hcl.Range // the block's first line, for findings about what is missing
	label  string
	label0 hcl.Range // where the label stands
}

// open checks a block's label and names, and reports every misfit.
func (d *decoder) open(s *schema, blk *hclsyntax.Block, ctx *hcl.EvalContext) *body {
	b := &body{d: d, schema: s, src: blk.Body, ctx: ctx, head: blk.DefRange(), label0: blk.TypeRange}
	switch {
	case s.label == "" && len(blk.Labels) > 0:
		b.fail(blk.LabelRanges[0], "Unexpected label", "%s has no label; write %s { … }.", s.sentence(), s.kind)
	case s.label != "" && (len(blk.Labels) == 0 || blk.Labels[0] == ""):
		b.fail(blk.TypeRange, "Missing label", "%s needs a label; write %s { … }.", s.sentence(), s.header())
	case len(blk.Labels) > 1:
		b.fail(blk.LabelRanges[1], "Unexpected label", "%s has one label; write %s { … }.", s.sentence(), s.header())
	}
	if s.label != "" && len(blk.Labels) > 0 {
		b.label, b.label0 = blk.Labels[0], blk.LabelRanges[0]
	}
	b.checkNames()
	return b
}

// checkNames refuses what the schema does not know, doubles, and missing
// required arguments.
func (b *body) checkNames() {
	if b.schema != localsSchema {
		for _, a := range sortedAttrs(b.src) {
			if !b.schema.hasAttr(a.Name) {
				summary, detail := b.schema.unknownAttr(a.Name)
				b.fail(a.NameRange, summary, "%s", detail)
			}
		}
	}
	first := map[string]hcl.Range{}
	for _, blk := range b.src.Blocks {
		known := b.schema.block(blk.Type)
		if known == nil {
			summary, detail := b.schema.unknownBlock(blk.Type)
			b.fail(blk.TypeRange, summary, "%s", detail)
			continue
		}
		if before, ok := first[blk.Type]; ok && !known.many {
			b.fail(blk.TypeRange, "Duplicate block", "There is a %s block already at %s; join the two.", blk.Type, placeOf(before))
			continue
		}
		first[blk.Type] = blk.TypeRange
	}
	for _, a := range b.schema.attrs {
		if _, ok := b.src.Attributes[a.name]; a.required && !ok {
			b.fail(b.head, "Missing argument", "%s needs %q: write %s = ….", b.schema.sentence(), a.name, a.name)
		}
	}
}

// written reports whether the block stands in the file.
func (b *body) written() bool { return b.src != nil }

// has reports whether an argument stands in the file.
func (b *body) has(name string) bool { return b.src != nil && b.src.Attributes[name] != nil }

// one opens the nested block of a type, written or not.
func (b *body) one(s *schema) *body {
	if all := b.all(s); len(all) > 0 {
		return all[0]
	}
	return &body{d: b.d, schema: s, ctx: b.ctx, head: b.head, label0: b.head}
}

// all opens the nested blocks of a type, in file order.
func (b *body) all(s *schema) []*body {
	if b.src == nil {
		return nil
	}
	var out []*body
	for _, blk := range b.src.Blocks {
		if blk.Type == s.kind {
			out = append(out, b.d.open(s, blk, b.ctx))
		}
		if len(out) > 0 && !s.many {
			break // further ones are reported as doubles
		}
	}
	return out
}

// place is where a finding about an argument points: its value if it is
// written, the block's head if not.
func (b *body) place(attr string) hcl.Range {
	if b.has(attr) {
		return b.src.Attributes[attr].Expr.Range()
	}
	return b.head
}

// fail reports an error at a place.
func (b *body) fail(at hcl.Range, summary, format string, args ...any) {
	b.d.failAt(&at, summary, format, args...)
}

// reject reports an error in an argument's value; what the names in it stood
// for is shown with it.
func (b *body) reject(attr, format string, args ...any) {
	b.rejectAt(attr, b.place(attr), fmt.Sprintf(format, args...))
}

func (b *body) rejectAt(attr string, at hcl.Range, detail string) {
	diag := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid " + attr, Detail: detail, Subject: &at}
	if b.has(attr) {
		diag.Expression, diag.EvalContext = b.src.Attributes[attr].Expr, b.ctx
	}
	b.d.diags = append(b.d.diags, diag)
}

// warn reports advice at a place.
func (b *body) warn(at hcl.Range, summary, format string, args ...any) {
	b.d.diags = append(b.d.diags, &hcl.Diagnostic{
		Severity: hcl.DiagWarning, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &at,
	})
}
