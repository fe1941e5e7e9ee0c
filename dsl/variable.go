package dsl

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// envPrefix begins the names of environment variables that set variables.
const envPrefix = "TIDEGATE_VAR_"

var variableSchema = &schema{
	kind: "variable", label: "name", many: true,
	attrs: optional("type", "default", "sensitive", "description"),
}

// literalScope is for expressions that may use neither names nor functions.
var literalScope = &hcl.EvalContext{}

// variable is a declaration.
type variable struct {
	name      string
	typ       cty.Type
	defaults  *typeexpr.Defaults // of optional object attributes
	def       cty.Value          // NilVal: the variable has to be set
	sensitive bool
	at        hcl.Range
}

// given is a value on its way into a variable.
type givenValue struct {
	cty.Value
	from string     // what a message calls its origin
	at   *hcl.Range // where it stands, for var files
}

func (d *decoder) readVariables(blocks []*hclsyntax.Block) {
	declared := map[string]*variable{}
	first := map[string]hcl.Range{}
	var order []*variable
	for _, blk := range blocks {
		b := d.open(variableSchema, blk, literalScope)
		v := b.variable()
		if b.label == "" || !d.unique(first, "variable", v.name, b.label0) {
			continue
		}
		if !hclsyntax.ValidIdentifier(v.name) {
			b.fail(b.label0, "Invalid name", "%q cannot be written after \"var.\"; use letters, digits, \"_\" and \"-\", beginning with a letter.", v.name)
			continue
		}
		declared[v.name] = v
		order = append(order, v)
	}
	files := d.readVarFiles(declared)
	for _, name := range sortedKeys(d.opts.Vars) {
		if declared[name] == nil {
			d.failAt(nil, "Undeclared variable", "-var sets %q, which no file declares. %s", name, didYouMean(name, sortedKeys(declared)))
		}
	}
	for _, v := range order {
		d.vars[v.name] = d.variableValue(v, files)
	}
}

// variable decodes one declaration.
func (b *body) variable() *variable {
	v := &variable{name: b.label, at: b.head}
	v.sensitive = b.flag("sensitive", false)
	b.str("description", "")
	if b.has("type") {
		typ, defaults, diags := typeexpr.TypeConstraintWithDefaults(b.src.Attributes["type"].Expr)
		v.typ, v.defaults = typ, defaults
		if diags.HasErrors() {
			b.reject("type", "Write string, number, bool, or list(…), set(…), map(…) of one of them, or object({ … }).")
			v.typ = cty.DynamicPseudoType
		}
	}
	if b.has("default") {
		v.def = b.d.evaluate(b.src.Attributes["default"].Expr, b.ctx)
	}
	if v.typ == cty.NilType {
		v.typ = cty.String
		if v.def != cty.NilVal {
			v.typ = cty.DynamicPseudoType
		}
	}
	if v.def != cty.NilVal {
		if v.sensitive {
			b.d.keepSecret(v.def)
		}
		def, err := v.convert(v.def)
		if err != nil {
			b.reject("default", "The default does not fit the type: %v.", err)
			def = cty.UnknownVal(v.typ)
		}
		v.def = def
	}
	return v
}

func (v *variable) convert(val cty.Value) (cty.Value, error) {
	if v.defaults != nil && !val.IsNull() {
		val = v.defaults.Apply(val)
	}
	return convert.Convert(val, v.typ)
}

// variableValue chooses by precedence: -var, var files, environment, default.
func (d *decoder) variableValue(v *variable, files map[string]givenValue) cty.Value {
	val := v.def
	g, ok := d.givenTo(v, files)
	if ok {
		if v.sensitive {
			d.keepSecret(g.Value)
		}
		conv, err := v.convert(g.Value)
		if err != nil {
			at := g.at
			if at == nil {
				at = &v.at
			}
			d.failAt(at, "Invalid value for variable", "The value of %q from %s does not fit the variable's type: %v.", v.name, g.from, err)
			conv = cty.UnknownVal(v.typ)
		}
		val = conv
	}
	if val == cty.NilVal {
		d.failAt(&v.at, "Variable without a value", "%q has no default and is not set. Set it by -var %s=…, in a file for -var-file, or by the environment variable %s%s.", v.name, v.name, envPrefix, v.name)
		val = cty.UnknownVal(v.typ)
	}
	if v.sensitive {
		d.keepSecret(val)
		return val.Mark(markSensitive)
	}
	return val
}

// givenTo finds what is set from outside.
func (d *decoder) givenTo(v *variable, files map[string]givenValue) (givenValue, bool) {
	if s, ok := d.opts.Vars[v.name]; ok {
		return d.fromText(v, s, "-var")
	}
	if g, ok := files[v.name]; ok {
		return g, true
	}
	if s, ok := d.opts.Env(envPrefix + v.name); ok {
		return d.fromText(v, s, envPrefix+v.name)
	}
	return givenValue{}, false
}

// fromText reads a command line's or environment's text: as it is for strings,
// as a literal expression for all else.
func (d *decoder) fromText(v *variable, text, from string) (givenValue, bool) {
	g := givenValue{Value: cty.StringVal(text), from: from}
	if v.sensitive {
		d.keepSecret(g.Value)
	}
	if v.typ == cty.String || v.typ.IsPrimitiveType() || v.typ == cty.DynamicPseudoType {
		return g, true
	}
	val, ok := literalText(text, from)
	g.Value = val
	if !ok {
		d.failAt(&v.at, "Invalid value for variable", "The value of %q from %s is no literal; write for example '[\"a\", \"b\"]' or '{ a = \"b\" }'.", v.name, from)
		g.Value = cty.UnknownVal(v.typ)
	}
	return g, true
}

// literalText evaluates a literal expression. What is wrong with one is not told
// by hcl's words, which repeat parts of it.
func literalText(text, from string) (cty.Value, bool) {
	tokens, _ := hclsyntax.LexExpression([]byte(text), from, hcl.InitialPos)
	if r, _ := tooMuch(tokens); r != nil || len(text) > maxFileBytes {
		return cty.NilVal, false
	}
	expr, diags := hclsyntax.ParseExpression([]byte(text), from, hcl.InitialPos)
	if diags.HasErrors() {
		return cty.NilVal, false
	}
	v, diags := expr.Value(literalScope)
	return v, !diags.HasErrors()
}

// readVarFiles reads the -var-file files: arguments with literal values.
func (d *decoder) readVarFiles(declared map[string]*variable) map[string]givenValue {
	out := map[string]givenValue{}
	for _, s := range d.read(d.opts.VarFiles) {
		d.parse(s, true)
		if s.body == nil {
			continue
		}
		for _, blk := range s.body.Blocks {
			d.failAt(&blk.TypeRange, "Unexpected block", "A variables file holds only lines such as name = \"value\".")
		}
		for _, a := range sortedAttrs(s.body) {
			at := a.Expr.Range()
			if declared[a.Name] == nil {
				(&body{d: d}).warn(a.NameRange, "Undeclared variable", "No pipeline file declares %q, so its value is not used. %s", a.Name, didYouMean(a.Name, sortedKeys(declared)))
				continue
			}
			out[a.Name] = givenValue{Value: d.literal(a.Expr), from: s.name, at: &at}
		}
	}
	return out
}

// literal evaluates an expression of a variables file, where every value may be
// a secret: why it fails is not repeated from hcl.
func (d *decoder) literal(expr hclsyntax.Expression) cty.Value {
	v, diags := expr.Value(literalScope)
	if diags.HasErrors() {
		at := expr.Range()
		d.failAt(&at, "Not a literal", "A variables file holds only strings, numbers, true, false, lists and maps; text stands in quotes.")
		return cty.DynamicVal
	}
	return v
}
