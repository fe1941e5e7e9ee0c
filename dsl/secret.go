package dsl

import (
	"net/url"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/tidegate-io/tidegate/internal/spec"
)

// secret reads a password or webhook. If the whole expression is env("X") or
// file("p") it becomes a reference that the agent resolves, and is not looked up
// here. This is the one place where marked values are unmarked for use.
func (b *body) secret(name string) spec.Secret {
	if !b.has(name) {
		return spec.Secret{}
	}
	expr := b.src.Attributes[name].Expr
	if call := referenceCall(expr); call != nil {
		return b.secretReference(name, call)
	}
	plain, marks := b.d.evaluate(expr, b.ctx).UnmarkDeep()
	b.d.keepSecret(plain)
	v, err := convert.Convert(plain, cty.String)
	if err != nil {
		b.fail(expr.Range(), "Invalid "+name, "A string is needed here; write env(\"NAME\"), file(\"/path\") or a sensitive variable.")
		return spec.Secret{}
	}
	if !v.IsKnown() || v.IsNull() || v.AsString() == "" {
		return spec.Secret{}
	}
	b.d.keepSecret(v)
	if name == "password" && len(marks) == 0 {
		b.warn(expr.Range(), "Password in the open", "The password stands in a file, or in a variable without sensitive = true. Write env(\"NAME\") or file(\"/path\"), which only the agent looks up, or mark the variable as sensitive.")
	}
	if name == "webhook" {
		b.checkWebhook(v.AsString())
	}
	return spec.Secret{Value: v.AsString()}
}

func (b *body) checkWebhook(s string) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		b.fail(b.place("webhook"), "Invalid webhook", "This is no URL beginning with https:// or http://.")
	}
}

// referenceCall finds env(x) or file(x) as the whole expression, also in
// brackets or in a template of nothing else.
func referenceCall(expr hclsyntax.Expression) *hclsyntax.FunctionCallExpr {
	for {
		switch e := expr.(type) {
		case *hclsyntax.ParenthesesExpr:
			expr = e.Expression
		case *hclsyntax.TemplateWrapExpr:
			expr = e.Wrapped
		case *hclsyntax.FunctionCallExpr:
			if (e.Name == "env" || e.Name == "file") && len(e.Args) == 1 && !e.ExpandFinal {
				return e
			}
			return nil
		default:
			return nil
		}
	}
}

func (b *body) secretReference(name string, call *hclsyntax.FunctionCallExpr) spec.Secret {
	arg := call.Args[0]
	raw := b.d.evaluate(arg, b.ctx)
	plain, marks := raw.UnmarkDeep()
	if _, ok := marks[markSensitive]; ok {
		b.fail(arg.Range(), "Invalid "+name, "The name of the place is shown to people; it cannot come from a sensitive variable.")
		return spec.Secret{}
	}
	v, err := convert.Convert(plain, cty.String)
	if err != nil || v.IsKnown() && (v.IsNull() || v.AsString() == "") {
		b.fail(arg.Range(), "Invalid "+name, "%s needs a string that is not empty.", call.Name)
		return spec.Secret{}
	}
	if !v.IsKnown() {
		return spec.Secret{}
	}
	if call.Name == "env" {
		return spec.Secret{Env: v.AsString()}
	}
	return spec.Secret{File: absolute(b.d.dirOf(b.head.Filename), v.AsString())}
}
