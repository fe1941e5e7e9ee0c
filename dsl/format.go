package dsl

import "github.com/hashicorp/hcl/v2/hclwrite"

// Format brings a file into the canonical form. hclwrite "formats" broken files
// too, and makes them worse, so those are refused. The name is shown in findings.
func Format(name string, src []byte) ([]byte, Diagnostics) {
	d := newDecoder(Options{})
	d.parse(&source{name: name, src: src}, false)
	if d.diags.HasErrors() {
		return nil, d.report()
	}
	return hclwrite.Format(src), nil
}
