package dsl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

const (
	fileSuffix = ".hcl"

	// These bound what the parser is given: it recurses by nesting and by
	// operators, and writes numbers out in full.
	maxFileBytes = 1 << 20
	maxNesting   = 100
	maxRun       = 2000
	maxNumber    = 40
)

// source is one file and what became of it.
type source struct {
	name   string // as the user wrote it, and as diagnostics show it
	dir    string // where relative paths in it begin
	src    []byte
	masked []byte // src with secrets hidden, byte by byte
	body   *hclsyntax.Body
	nav    any // hcl's answer to "which block is this place in"
}

// read collects the files that paths name; a directory stands for the *.hcl
// files in it, not below it.
func (d *decoder) read(paths []string) []*source {
	var out []*source
	seen := map[string]bool{}
	add := func(path string) {
		if seen[filepath.Clean(path)] {
			return
		}
		seen[filepath.Clean(path)] = true
		src, err := os.ReadFile(path)
		if err != nil {
			d.unreadable(path, err)
			return
		}
		dir := filepath.Dir(path)
		if d.opts.BaseDir != "" {
			dir = d.opts.BaseDir
		}
		out = append(out, &source{name: path, dir: dir, src: src})
	}
	for _, p := range paths {
		files, err := expandDir(p)
		if err != nil {
			d.unreadable(p, err)
			continue
		}
		if len(files) == 0 {
			d.failAt(nil, "No pipeline files", "There is no file ending in %s in %s; name a file, or another directory.", fileSuffix, p)
		}
		for _, f := range files {
			add(f)
		}
	}
	return out
}

// expandDir lists a directory's pipeline files in name order (os.ReadDir's).
func expandDir(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && strings.HasSuffix(e.Name(), fileSuffix) && !strings.HasPrefix(e.Name(), ".") {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	return files, nil
}

func (d *decoder) unreadable(path string, err error) {
	remedy := "Make it a readable file or directory."
	switch {
	case errors.Is(err, fs.ErrNotExist):
		remedy = "Check the path."
	case errors.Is(err, fs.ErrPermission):
		remedy = "Give this user the right to read it."
	}
	d.diags = append(d.diags, &hcl.Diagnostic{
		Severity: hcl.DiagError,
		Summary:  "Unreadable file",
		Detail:   fmt.Sprintf("%s. %s", describe(err, path), remedy),
	})
}

// describe is an error with its path named once.
func describe(err error, path string) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Sprintf("%s %s: %v", p.Op, path, p.Err)
	}
	return err.Error()
}

// parse reads a file's syntax. Secrets are masked first, so that a finding
// about broken syntax shows none either.
func (d *decoder) parse(s *source, allSecret bool) {
	d.sources[s.name] = s
	if len(s.src) > maxFileBytes {
		s.src = nil
		d.failAt(&hcl.Range{Filename: s.name}, "File too large", "%s is larger than 1 MiB; split it.", s.name)
		return
	}
	tokens, _ := hclsyntax.LexConfig(s.src, s.name, hcl.InitialPos)
	s.masked = maskSecrets(s.src, tokens, allSecret)
	if r, detail := tooMuch(tokens); r != nil {
		d.failAt(r, "File too complex", "%s", detail)
		return
	}
	file, diags := hclsyntax.ParseConfig(s.src, s.name, hcl.InitialPos)
	d.diags = append(d.diags, diags...)
	if file == nil {
		return
	}
	if !allSecret {
		s.nav = file.Nav
	}
	s.body, _ = file.Body.(*hclsyntax.Body)
}

// tooMuch finds nesting and numbers that no person writes and that would cost
// the parser its stack or the evaluator its memory.
func tooMuch(tokens hclsyntax.Tokens) (*hcl.Range, string) {
	depth, run := 0, 0 // run: tokens since the last argument or element began
	for _, tok := range tokens {
		run++
		switch tok.Type {
		case hclsyntax.TokenOBrace:
			depth++
			run = 0
		case hclsyntax.TokenEqual, hclsyntax.TokenComma:
			run = 0
		case hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote,
			hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote,
			hclsyntax.TokenTemplateSeqEnd:
			depth--
		case hclsyntax.TokenNumberLit:
			if len(tok.Bytes) > maxNumber || bigExponent(string(tok.Bytes)) {
				return tok.Range.Ptr(), "No argument takes a number of this size; write a smaller one."
			}
		}
		if depth > maxNesting {
			return tok.Range.Ptr(), fmt.Sprintf("Blocks, brackets and templates are nested more than %d deep here; close some, or split the expression by locals.", maxNesting)
		}
		if run > maxRun {
			return tok.Range.Ptr(), fmt.Sprintf("This expression has more than %d parts; split it by locals.", maxRun)
		}
	}
	return nil, ""
}

// bigExponent reports whether a number has more than two digits of exponent.
func bigExponent(s string) bool {
	_, exp, ok := strings.Cut(strings.ToLower(s), "e")
	return ok && len(strings.TrimLeft(exp, "+-")) > 2
}
