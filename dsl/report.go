package dsl

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// snippetLines bounds how much source a finding repeats.
const snippetLines = 6

// report turns hcl's findings into ours: placed, masked, sorted.
func (d *decoder) report() Diagnostics {
	out := make(Diagnostics, 0, len(d.diags))
	for _, h := range d.diags {
		out = append(out, d.finding(h))
	}
	return out.sorted()
}

func (d *decoder) finding(h *hcl.Diagnostic) Diagnostic {
	f := Diagnostic{Severity: SeverityError, Summary: h.Summary, Detail: d.scrub(h.Detail)}
	if h.Severity == hcl.DiagWarning {
		f.Severity = SeverityWarning
	}
	if h.Subject == nil {
		return f
	}
	f.File, f.Line, f.Column = h.Subject.Filename, h.Subject.Start.Line, h.Subject.Start.Column
	f.EndLine, f.EndColumn = h.Subject.End.Line, h.Subject.End.Column
	if s := d.sources[f.File]; s != nil && f.Line > 0 {
		f.Snippet = s.snippet(*h.Subject)
		f.Snippet.Code = d.scrubCode(f.Snippet)
	}
	for _, v := range shownValues(h.Expression, h.EvalContext) {
		f.Values = append(f.Values, d.scrub(v))
	}
	return f
}

// snippet cuts the lines of a range out of the masked source.
func (s *source) snippet(r hcl.Range) *Snippet {
	from := min(max(r.Start.Byte, 0), len(s.masked))
	to := min(max(r.End.Byte, from), len(s.masked))
	start := bytes.LastIndexByte(s.masked[:from], '\n') + 1
	end, lines := from, 0
	for lines = 1; ; lines++ {
		if nl := bytes.IndexByte(s.masked[end:], '\n'); nl >= 0 {
			end += nl
		} else {
			end = len(s.masked)
		}
		if end >= to || end == len(s.masked) || lines == snippetLines {
			break
		}
		end++
	}
	before, marked, after := s.masked[start:from], s.masked[from:min(to, end)], s.masked[min(to, end):end]
	out := &Snippet{StartLine: r.Start.Line, Context: s.context(r.Start.Byte)}
	var code strings.Builder
	code.WriteString(unmask(before))
	out.HighlightStart = code.Len()
	code.WriteString(unmask(marked))
	out.HighlightEnd = code.Len()
	code.WriteString(unmask(after))
	out.Code = code.String()
	return out
}

// context names the outermost block around a place.
func (s *source) context(offset int) string {
	nav, ok := s.nav.(interface{ ContextString(int) string })
	if !ok {
		return ""
	}
	name := nav.ContextString(offset)
	if kind, _, _ := strings.Cut(name, " "); fileSchema.block(kind) == nil {
		return "" // mistyped: what stands behind it may be anything
	}
	return name
}

// shownValues says what the names in an expression stood for, as far as they
// are simple and not marked.
func shownValues(expr hcl.Expression, ctx *hcl.EvalContext) []string {
	if expr == nil || ctx == nil {
		return nil
	}
	var out []string
	for _, tr := range expr.Variables() {
		v, diags := tr.TraverseAbs(ctx)
		if diags.HasErrors() || v.IsMarked() || !v.IsKnown() || v.IsNull() {
			continue
		}
		switch v.Type() {
		case cty.String:
			out = append(out, fmt.Sprintf("%s is %q", traversalText(tr), v.AsString()))
		case cty.Number:
			out = append(out, fmt.Sprintf("%s is %s", traversalText(tr), v.AsBigFloat().Text('g', 10)))
		case cty.Bool:
			out = append(out, fmt.Sprintf("%s is %t", traversalText(tr), v.True()))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// traversalText writes a.b["c"] as it stands in the file.
func traversalText(tr hcl.Traversal) string {
	var b strings.Builder
	for _, step := range tr {
		switch s := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString(s.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + s.Name)
		case hcl.TraverseIndex:
			switch {
			case s.Key.Type() == cty.String:
				fmt.Fprintf(&b, "[%q]", s.Key.AsString())
			case s.Key.Type() == cty.Number:
				fmt.Fprintf(&b, "[%s]", s.Key.AsBigFloat().Text('g', 10))
			}
		}
	}
	return b.String()
}

// minScrub is the shortest secret looked for in finished text. Shorter ones
// would eat ordinary words; they are kept out by marks and masks alone.
const minScrub = 4

// scrub is the last net: whatever way a known secret got into a text, it goes.
func (d *decoder) scrub(s string) string {
	for _, secret := range d.secrets {
		if len(secret) >= minScrub {
			s = strings.ReplaceAll(s, secret, "***")
		}
	}
	return s
}

// scrubCode scrubs a snippet. The marks stay as long as nothing was found.
func (d *decoder) scrubCode(s *Snippet) string {
	clean := d.scrub(s.Code)
	if clean != s.Code {
		s.HighlightStart, s.HighlightEnd = 0, 0
	}
	return clean
}

// placeOf names another place in a message.
func placeOf(r hcl.Range) string { return fmt.Sprintf("%s:%d", r.Filename, r.Start.Line) }
