package dsl

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// mark rides on values and on all that is made from them.
type mark string

const (
	// markSensitive: from a variable with sensitive = true. Only a password or a
	// webhook may take it.
	markSensitive mark = "sensitive"
	// markHidden: from env or file. Any argument may take it, but no message may
	// quote it, because its next use may be a password.
	markHidden mark = "hidden"
)

// scope is the evaluation context of blocks in a file: var, local and the
// functions. env and file need to know the folder, hence one per folder.
func (d *decoder) scope(filename string) *hcl.EvalContext {
	dir := d.dirOf(filename)
	if ctx, ok := d.scopes[dir]; ok {
		return ctx
	}
	ctx := &hcl.EvalContext{Functions: d.functions(dir), Variables: map[string]cty.Value{
		"var":   cty.ObjectVal(d.vars),
		"local": cty.ObjectVal(d.locals),
	}}
	d.scopes[dir] = ctx
	return ctx
}

func (d *decoder) dirOf(filename string) string {
	if s := d.sources[filename]; s != nil {
		return s.dir
	}
	return "."
}

// evaluate gives an expression's value, or an unknown one after reporting why
// there is none. Unknown values pass everything silently: one mistake, one
// finding.
func (d *decoder) evaluate(expr hclsyntax.Expression, ctx *hcl.EvalContext) cty.Value {
	if !d.checkNames(expr, ctx) {
		return cty.DynamicVal
	}
	v, diags := expr.Value(ctx)
	for _, diag := range diags {
		d.diags = append(d.diags, discreet(diag, expr, ctx))
	}
	if diags.HasErrors() {
		return cty.DynamicVal
	}
	return v
}

// checkNames looks up the names in an expression before it is evaluated, since
// hcl's own messages know nothing about blocks.
func (d *decoder) checkNames(expr hclsyntax.Expression, ctx *hcl.EvalContext) bool {
	ok := true
	for _, tr := range expr.Variables() {
		if summary, detail := d.unknownName(tr, ctx); summary != "" {
			d.failAt(tr.SourceRange().Ptr(), summary, "%s", detail)
			ok = false
		}
	}
	return ok
}

func (d *decoder) unknownName(tr hcl.Traversal, ctx *hcl.EvalContext) (summary, detail string) {
	root := tr.RootName()
	scope, found := lookup(ctx, root)
	switch root {
	case "var", "local":
		if !found {
			return "Name not allowed here", fmt.Sprintf("%s.… cannot be used here; write a literal value.", root)
		}
		return d.unknownMember(tr, scope)
	case "each":
		if !found {
			return "each without for_each", "each.key and each.value exist only in an endpoint or pipeline block with for_each."
		}
		return "", ""
	case "endpoint":
		if !found {
			return "Endpoint not allowed here", "An endpoint can be named only by from and to of a pipeline."
		}
		return d.unknownMember(tr, scope)
	}
	return "Unknown name", "Text stands in quotes. Names begin with var., local., each. or endpoint.; see also env(\"X\") and file(\"path\")."
}

// unknownMember checks the second step of var.x, local.x and endpoint.x.
func (d *decoder) unknownMember(tr hcl.Traversal, scope cty.Value) (summary, detail string) {
	root := tr.RootName()
	if len(tr) < 2 {
		return "Incomplete name", fmt.Sprintf("Write %s.NAME.", root)
	}
	step, ok := tr[1].(hcl.TraverseAttr)
	if !ok {
		return "Incomplete name", fmt.Sprintf("Write %s.NAME.", root)
	}
	if scope.Type().HasAttribute(step.Name) {
		return "", ""
	}
	known := sortedKeys(scope.Type().AttributeTypes())
	kind := map[string]string{"var": "variable", "local": "local value", "endpoint": "endpoint"}[root]
	declare := map[string]string{
		"var":      fmt.Sprintf("Declare it with: variable %q { type = string }.", step.Name),
		"local":    fmt.Sprintf("Declare it with: locals { %s = … }.", step.Name),
		"endpoint": fmt.Sprintf("Declare it with: endpoint %q { … }.", step.Name),
	}[root]
	if n := nearest(step.Name, known); n != "" {
		declare = fmt.Sprintf("Did you mean %s.%s?", root, n)
	}
	return "Unknown " + kind, fmt.Sprintf("There is no %s %q. %s", kind, step.Name, declare)
}

func lookup(ctx *hcl.EvalContext, root string) (cty.Value, bool) {
	for ; ctx != nil; ctx = ctx.Parent() {
		if v, ok := ctx.Variables[root]; ok {
			return v, true
		}
	}
	return cty.NilVal, false
}

// discreet takes from hcl's finding what could show a secret: functions put
// their arguments into their errors, and lookups the key.
func discreet(diag *hcl.Diagnostic, expr hclsyntax.Expression, ctx *hcl.EvalContext) *hcl.Diagnostic {
	if diag.Subject == nil {
		diag.Subject = expr.Range().Ptr()
	}
	switch diag.Summary {
	case "Call to unknown function":
		diag.Detail = unknownFunction(diag)
		return diag
	case "Function calls not allowed":
		diag.Detail = "Write a literal value here. A variable gets other values from outside: by -var, by a file for -var-file, or by the environment variable " + envPrefix + "NAME."
		return diag
	}
	if !touchesSecret(expr, ctx) {
		return diag
	}
	diag.Expression, diag.EvalContext = nil, nil
	if call, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallDiagExtra](diag); ok {
		if _, own := errorsAsSourceError(call.FunctionCallError()); own && !secretPlace(expr, ctx) {
			return diag // env's and file's own words: they name the place, never the content
		}
		diag.Detail = fmt.Sprintf("The call of %s does not work with this value. The reason is not shown, since it could show a secret.", call.CalledFunctionName())
		return diag
	}
	diag.Detail = "The expression does not work with this value. The reason is not shown, since it could show a secret."
	return diag
}

// touchesSecret reports whether an expression uses a marked value or calls env
// or file.
func touchesSecret(expr hclsyntax.Expression, ctx *hcl.EvalContext) bool {
	for _, tr := range expr.Variables() {
		root, ok := lookup(ctx, tr.RootName())
		if !ok {
			return true // a for expression's own name: it can stand for anything
		}
		v, diags := tr.TraverseAbs(ctx)
		if diags.HasErrors() {
			v = root
		}
		if v.ContainsMarked() {
			return true
		}
	}
	return len(lookupCalls(expr)) > 0
}

// secretPlace reports whether env or file are told where to look by a secret.
func secretPlace(expr hclsyntax.Expression, ctx *hcl.EvalContext) bool {
	for _, call := range lookupCalls(expr) {
		for _, arg := range call.Args {
			if touchesSecret(arg, ctx) {
				return true
			}
		}
	}
	return false
}

// lookupCalls are the calls of env and file in an expression.
func lookupCalls(expr hclsyntax.Expression) []*hclsyntax.FunctionCallExpr {
	var out []*hclsyntax.FunctionCallExpr
	_ = hclsyntax.VisitAll(expr, func(n hclsyntax.Node) hcl.Diagnostics {
		if call, ok := n.(*hclsyntax.FunctionCallExpr); ok && (call.Name == "env" || call.Name == "file") {
			out = append(out, call)
		}
		return nil
	})
	return out
}

// unknownFunction does not repeat the name: it may be a password without quotes.
func unknownFunction(diag *hcl.Diagnostic) string {
	if call, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallUnknownDiagExtra](diag); ok {
		if n := nearest(call.CalledFunctionName(), functionNames()); n != "" {
			return fmt.Sprintf("There is no function of this name. Did you mean %q?", n)
		}
	}
	return "There is no function of this name. Known are " + strings.Join(functionNames(), ", ") + "."
}
