package dsl

import (
	"io"
	"os"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"golang.org/x/term"
)

// WriteText writes the findings for people: wrapped and coloured on a terminal
// (unless NO_COLOR is set), plain elsewhere.
func (ds Diagnostics) WriteText(w io.Writer) error {
	width, color := 0, false
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		color = os.Getenv("NO_COLOR") == ""
		if cols, _, err := term.GetSize(int(f.Fd())); err == nil {
			width = cols
		}
	}
	for _, d := range ds {
		if err := d.writeText(w, uint(width), color); err != nil {
			return err
		}
	}
	return nil
}

// writeText hands hcl's writer a file made of nothing but the snippet, at its
// own line. So what is printed is what the snippet holds, masked, and findings
// that came over the API as JSON print as local ones do.
func (d Diagnostic) writeText(w io.Writer, width uint, color bool) error {
	out := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: d.Summary, Detail: d.Detail}
	if d.Severity == SeverityWarning {
		out.Severity = hcl.DiagWarning
	}
	if len(d.Values) > 0 {
		out.Detail = "Here " + strings.Join(d.Values, ", ") + ".\n\n" + out.Detail
	}
	files := map[string]*hcl.File{}
	if d.Line > 0 {
		out.Subject = &hcl.Range{
			Filename: d.File,
			Start:    hcl.Pos{Line: d.Line, Column: d.Column},
			End:      hcl.Pos{Line: d.EndLine, Column: d.EndColumn},
		}
	}
	if s := d.Snippet; s != nil && d.Line > 0 {
		before := max(s.StartLine-1, 0)
		src := []byte(strings.Repeat("\n", before) + s.Code)
		files[d.File] = &hcl.File{Bytes: src, Nav: snippetContext(s.Context)}
		out.Subject.Start.Byte = before + s.HighlightStart
		out.Subject.End.Byte = before + s.HighlightEnd
		out.Context = &hcl.Range{
			Filename: d.File,
			Start:    hcl.Pos{Line: s.StartLine, Column: 1, Byte: before},
			End:      hcl.Pos{Line: max(d.EndLine, d.Line), Column: 1, Byte: len(src)},
		}
	}
	return hcl.NewDiagnosticTextWriter(w, files, width, color).WriteDiagnostic(out)
}

// snippetContext answers hcl's writer when it asks which block a place is in.
type snippetContext string

func (c snippetContext) ContextString(int) string { return string(c) }
