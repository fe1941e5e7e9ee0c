package dsl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// schema is what one block type may hold. Together they are the language: names
// are checked against it, suggestions come from it, and examples/everything.hcl
// is compared with it.
type schema struct {
	kind   string // the word before the label
	label  string // what the label is called in messages; empty: the block has none
	attrs  []attr
	blocks []*schema
	many   bool // may stand more than once in its parent
}

type attr struct {
	name     string
	required bool
}

func required(name string) attr { return attr{name: name, required: true} }

func optional(names ...string) []attr {
	out := make([]attr, len(names))
	for i, n := range names {
		out[i] = attr{name: n}
	}
	return out
}

// fileSchema is a pipeline file.
var fileSchema = &schema{
	kind:   "file",
	blocks: []*schema{variableSchema, localsSchema, endpointSchema, pipelineSchema},
}

func (s *schema) attrNames() []string {
	out := make([]string, len(s.attrs))
	for i, a := range s.attrs {
		out[i] = a.name
	}
	return out
}

func (s *schema) blockNames() []string {
	out := make([]string, len(s.blocks))
	for i, b := range s.blocks {
		out[i] = b.kind
	}
	return out
}

func (s *schema) hasAttr(name string) bool { return slices.Contains(s.attrNames(), name) }

func (s *schema) block(kind string) *schema {
	for _, b := range s.blocks {
		if b.kind == kind {
			return b
		}
	}
	return nil
}

// header is how a block of this type begins.
func (s *schema) header() string {
	if s.label == "" {
		return s.kind
	}
	return fmt.Sprintf("%s %q", s.kind, s.label)
}

// homes lists the block types in which a name is an argument (or, with blocks,
// a block): where a misplaced one belongs.
func homes(name string, blocks bool) []string {
	var out []string
	var walk func(*schema)
	walk = func(s *schema) {
		if !blocks && s.hasAttr(name) || blocks && s.block(name) != nil {
			out = append(out, s.kind)
		}
		for _, b := range s.blocks {
			walk(b)
		}
	}
	walk(fileSchema)
	return out
}

// unknownAttr explains an argument that this block type does not have.
func (s *schema) unknownAttr(name string) (summary, detail string) {
	if s == fileSchema {
		return "Misplaced argument", fmt.Sprintf("%q stands outside of any block. Values to share go into a locals block: locals { %s = … }.", name, name)
	}
	if b := s.block(name); b != nil {
		return "Unknown argument", fmt.Sprintf("%q is a block: write %s { … }, without \"=\".", name, b.header())
	}
	if in := homes(name, false); len(in) > 0 && !slices.Contains(s.attrNames(), nearest(name, s.attrNames())) {
		return "Misplaced argument", fmt.Sprintf("%s has no argument %q; it belongs into %s.", s.sentence(), name, blockList(in))
	}
	return "Unknown argument", fmt.Sprintf("%s has no argument %q. %s", s.sentence(), name, didYouMean(name, s.attrNames()))
}

// unknownBlock explains a block that this block type does not have.
func (s *schema) unknownBlock(kind string) (summary, detail string) {
	where := s.sentence()
	if s.hasAttr(kind) {
		return "Unknown block", fmt.Sprintf("%q is an argument: write %s = …, with \"=\".", kind, kind)
	}
	if in := homes(kind, true); len(in) > 0 {
		detail := fmt.Sprintf("%s has no %s block; it belongs into %s.", where, kind, blockList(in))
		if in[0] == fileSchema.kind {
			detail = fmt.Sprintf("%s has no %s block; it belongs to the top of the file, outside of other blocks.", where, kind)
		}
		return "Misplaced block", detail
	}
	return "Unknown block", fmt.Sprintf("%s has no %s block. %s", where, kind, didYouMean(kind, s.blockNames()))
}

func blockList(kinds []string) string {
	slices.Sort(kinds)
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = article(k) + " " + k
	}
	return strings.Join(out, " or ") + " block"
}

func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an"
	}
	return "a"
}

// sentence is how a message about this block type begins.
func (s *schema) sentence() string {
	switch {
	case s == fileSchema:
		return "A pipeline file"
	case article(s.kind) == "an":
		return "An " + s.kind + " block"
	}
	return "A " + s.kind + " block"
}

// sortedAttrs are a body's arguments in file order; hcl keeps a map.
func sortedAttrs(b *hclsyntax.Body) []*hclsyntax.Attribute {
	out := make([]*hclsyntax.Attribute, 0, len(b.Attributes))
	for _, a := range b.Attributes {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b *hclsyntax.Attribute) int {
		return a.SrcRange.Start.Byte - b.SrcRange.Start.Byte
	})
	return out
}
