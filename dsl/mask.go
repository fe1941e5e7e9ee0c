package dsl

import (
	"bytes"
	"regexp"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// maskByte stands for one hidden byte, so that masked and true source have the
// same offsets. unmask turns a run of any length into three stars.
const maskByte = 0

var maskRun = regexp.MustCompile("\x00+")

func unmask(b []byte) string { return string(maskRun.ReplaceAllLiteral(b, []byte("***"))) }

// secretName fits names whose value is hidden wherever it is written, also in
// places where the language has no such name: people mistype.
var secretName = regexp.MustCompile(`(?i)pass(word|wd|phrase)|secret|token|webhook`)

// secretLines find such a name line by line: before a sign, or as a line's first
// word where the sign was forgotten. A missing quote further up makes the lexer
// take code for text; lines are still lines then.
var secretLines = []*regexp.Regexp{
	regexp.MustCompile(`(?im)^.*(?:pass(?:word|wd|phrase)|secret|token|webhook)[\w-]*"?[ \t]*[=:][ \t]*(.*)$`),
	regexp.MustCompile(`(?im)^[ \t]*"?[\w-]*(?:pass(?:word|wd|phrase)|secret|token|webhook)[\w-]*"?[ \t({]+([^ \t({=:].*)$`),
}

// plainLine is the part of a variables file's line that may be shown.
var plainLine = regexp.MustCompile(`(?m)^([ \t]*[\w-]+[ \t]*=|)(.*)$`)

// reference fits right-hand sides that say where a secret is, not what it is.
var reference = regexp.MustCompile(`^\(*(env|file)\s*\(\s*"[^"]*"\s*\)[\s)}]*(#.*)?$|^\(*(var|local|each)\.[\w.\[\]"-]*[\s)}]*(#.*)?$`)

// maskSecrets returns a copy of src in which the values of secrets are hidden.
// It works on tokens, so broken files are masked as well. With all, every value
// is hidden: variable files hold little else.
func maskSecrets(src []byte, tokens hclsyntax.Tokens, all bool) []byte {
	out := bytes.Clone(src)
	sensitive := sensitiveBlocks(tokens)
	for i, tok := range tokens {
		if tok.Type != hclsyntax.TokenEqual && tok.Type != hclsyntax.TokenColon {
			continue
		}
		name := nameBefore(tokens[:i])
		switch {
		case all, name == "default" && sensitive[i]:
			maskValue(out, tokens[i+1:], false)
		case secretName.MatchString(name):
			maskValue(out, tokens[i+1:], true)
		case name == "address":
			maskAccounts(out, tokens[i+1:])
		}
	}
	maskLines(out, src, all)
	return out
}

// maskLines hides what the tokens did not show to be a secret.
func maskLines(out, src []byte, all bool) {
	if all {
		for _, m := range plainLine.FindAllSubmatchIndex(src, -1) {
			hide(out, m[4], m[5])
		}
		return
	}
	for _, line := range secretLines {
		for _, m := range line.FindAllSubmatchIndex(src, -1) {
			value := src[m[2]:m[3]]
			known := bytes.IndexByte(out[m[2]:m[3]], maskByte) >= 0
			if !known && !reference.Match(value) && bytes.ContainsAny(value, `"'`) {
				hide(out, m[2], m[3])
			}
		}
	}
}

// nameBefore is the name left of a '=' or ':', quoted or not.
func nameBefore(tokens hclsyntax.Tokens) string {
	n := len(tokens)
	if n > 0 && tokens[n-1].Type == hclsyntax.TokenIdent {
		return string(tokens[n-1].Bytes)
	}
	if n > 1 && tokens[n-1].Type == hclsyntax.TokenCQuote && tokens[n-2].Type == hclsyntax.TokenQuotedLit {
		return string(tokens[n-2].Bytes)
	}
	return ""
}

// sensitiveBlocks marks, token by token, top-level blocks that say "sensitive".
func sensitiveBlocks(tokens hclsyntax.Tokens) []bool {
	marks := make([]bool, len(tokens))
	depth, start, found := 0, 0, false
	flush := func(end int) {
		for i := start; found && i < end; i++ {
			marks[i] = true
		}
		start, found = end, false
	}
	for i, tok := range tokens {
		switch tok.Type {
		case hclsyntax.TokenOBrace:
			depth++
		case hclsyntax.TokenCBrace:
			if depth--; depth <= 0 {
				flush(i)
				depth = 0
			}
		case hclsyntax.TokenIdent:
			found = found || string(tok.Bytes) == "sensitive"
		}
	}
	flush(len(tokens))
	return marks
}

// maskValue hides the expression at the head of tokens. With refs, what only
// says where the secret is stays readable: env("X"), file("p"), var.x.
func maskValue(out []byte, tokens hclsyntax.Tokens, refs bool) {
	depth := 0
	for i, tok := range tokens {
		switch tok.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen,
			hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
			continue
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
			if depth--; depth < 0 {
				return
			}
			continue
		case hclsyntax.TokenNewline, hclsyntax.TokenComma:
			if depth == 0 {
				return
			}
			continue
		case hclsyntax.TokenEOF:
			return
		case hclsyntax.TokenOQuote, hclsyntax.TokenCQuote, hclsyntax.TokenDot, hclsyntax.TokenEqual:
			continue
		case hclsyntax.TokenComment:
			hide(out, tok.Range.Start.Byte, tok.Range.Start.Byte+len(bytes.TrimRight(tok.Bytes, "\r\n")))
			if depth == 0 && bytes.HasSuffix(tok.Bytes, []byte("\n")) {
				return
			}
			continue
		}
		if !refs || !isReference(tokens, i) {
			hide(out, tok.Range.Start.Byte, tok.Range.End.Byte)
		}
	}
}

// isReference reports whether a token is part of a name or of env's or file's
// argument, rather than of a value.
func isReference(tokens hclsyntax.Tokens, i int) bool {
	at := func(k int, t hclsyntax.TokenType) bool { return k >= 0 && k < len(tokens) && tokens[k].Type == t }
	switch tokens[i].Type {
	case hclsyntax.TokenIdent:
		if at(i+1, hclsyntax.TokenOParen) {
			return slices.Contains(functionNames(), string(tokens[i].Bytes))
		}
		root := i
		for at(root-1, hclsyntax.TokenDot) && at(root-2, hclsyntax.TokenIdent) {
			root -= 2
		}
		name := string(tokens[root].Bytes)
		return (root < i || at(i+1, hclsyntax.TokenDot)) && (name == "var" || name == "local" || name == "each")
	case hclsyntax.TokenQuotedLit:
		if at(i-1, hclsyntax.TokenOQuote) && at(i-2, hclsyntax.TokenOParen) && at(i-3, hclsyntax.TokenIdent) {
			f := string(tokens[i-3].Bytes)
			return f == "env" || f == "file"
		}
	}
	return false
}

// maskAccounts hides strings with an '@': an address copied from a URL carries
// the account.
func maskAccounts(out []byte, tokens hclsyntax.Tokens) {
	for _, tok := range tokens {
		switch tok.Type {
		case hclsyntax.TokenNewline, hclsyntax.TokenEOF, hclsyntax.TokenComment:
			return
		case hclsyntax.TokenQuotedLit:
			if bytes.IndexByte(tok.Bytes, '@') >= 0 {
				hide(out, tok.Range.Start.Byte, tok.Range.End.Byte)
			}
		}
	}
}

// hide keeps line breaks, since snippets are cut by lines.
func hide(out []byte, from, to int) {
	for i := from; i < min(to, len(out)); i++ {
		if out[i] != '\n' && out[i] != '\r' {
			out[i] = maskByte
		}
	}
}
