package dsl

import (
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/tidegate-io/tidegate/dsl/internal/literal"
)

var (
	stringType     = cty.String
	stringListType = cty.List(cty.String)
)

// value is an argument's evaluated, converted and unmarked value.
type value struct {
	cty.Value
	hidden bool // came through env or file: usable, not to be quoted
}

// quote names a value in a message.
func (v value) quote(s string) string {
	if v.hidden {
		return "The value"
	}
	return fmt.Sprintf("%q", s)
}

// eval reads an argument as a type. It is false where there is nothing to use:
// not written, null, or already reported.
func (b *body) eval(name string, want cty.Type) (value, bool) {
	if !b.has(name) {
		return value{}, false
	}
	expr := b.src.Attributes[name].Expr
	raw := b.d.evaluate(expr, b.ctx)
	plain, marks := raw.UnmarkDeep()
	if _, ok := marks[markSensitive]; ok {
		b.rejectAt(name, expr.Range(), fmt.Sprintf("A sensitive value would be shown here, since %s is printed by status, plan and events. Use a variable without sensitive = true.", name))
		return value{}, false
	}
	_, hidden := marks[markHidden]
	v, err := convert.Convert(plain, want)
	if err != nil {
		b.rejectAt(name, expr.Range(), fmt.Sprintf("%s is needed here%s.", typeName(want), given(plain)))
		return value{}, false
	}
	if v.IsNull() || !v.IsWhollyKnown() {
		return value{}, false
	}
	return value{v, hidden}, true
}

func typeName(t cty.Type) string {
	switch {
	case t == cty.String:
		return "A string"
	case t == cty.Number:
		return "A number"
	case t == cty.Bool:
		return "true or false"
	case t.IsListType():
		return `A list of strings, such as ["a", "b"],`
	case t.IsMapType():
		return `A map of strings, such as { site = "a" },`
	}
	return "Another type"
}

func given(v cty.Value) string {
	if v.IsNull() || v.Type() == cty.DynamicPseudoType {
		return ""
	}
	return ", not a value of type " + v.Type().FriendlyName()
}

// str reads a string; def if it is not written.
func (b *body) str(name, def string) string {
	if v, ok := b.eval(name, cty.String); ok {
		return v.AsString()
	}
	return def
}

// checked reads a string through a notation's reader.
func checked[T any](b *body, name string, def T, read func(string) (T, error)) (T, bool) {
	v, ok := b.eval(name, cty.String)
	if !ok {
		return def, false
	}
	out, err := read(v.AsString())
	if err != nil {
		b.reject(name, "%s %v.", v.quote(v.AsString()), err)
		return def, false
	}
	return out, true
}

// name reads a name of a database object.
func (b *body) name(attr string) string {
	s, _ := checked(b, attr, "", func(s string) (string, error) { return s, literal.Identifier(s) })
	return s
}

// choice reads one of a closed list; the first is the default.
func (b *body) choice(name string, options ...string) string {
	v, ok := b.eval(name, cty.String)
	if !ok {
		return options[0]
	}
	s := v.AsString()
	if slices.Contains(options, s) {
		return s
	}
	guess := ""
	if n := nearest(s, options); n != "" && !v.hidden {
		guess = fmt.Sprintf(" Did you mean %q?", n)
	}
	b.reject(name, "%s is not known; write %s.%s", v.quote(s), list(options, "or"), guess)
	return options[0]
}

// flag reads true or false.
func (b *body) flag(name string, def bool) bool {
	if v, ok := b.eval(name, cty.Bool); ok {
		return v.True()
	}
	return def
}

// limits is a default and the range a person may choose from.
type limits[T int | int64 | time.Duration] struct{ def, min, max T }

// number reads a whole number within limits.
func (b *body) number(name string, l limits[int64]) int64 {
	v, ok := b.eval(name, cty.Number)
	if !ok {
		return l.def
	}
	n, exact := v.AsBigFloat().Int64()
	if exact != big.Exact || n < l.min || n > l.max {
		b.reject(name, "Write a whole number from %d to %d.", l.min, l.max)
		return l.def
	}
	return n
}

// size reads bytes within limits.
func (b *body) size(name string, l limits[int64]) int64 {
	return b.bytes(name, l, "", literal.Size)
}

// rate reads bytes per second within limits.
func (b *body) rate(name string, l limits[int64]) int64 {
	return b.bytes(name, l, "/s", literal.Rate)
}

func (b *body) bytes(name string, l limits[int64], suffix string, read func(string) (int64, error)) int64 {
	n, ok := checked(b, name, l.def, read)
	if ok && (n < l.min || n > l.max) {
		b.reject(name, "Write a value from %s%s to %s%s.", literal.FormatSize(l.min), suffix, literal.FormatSize(l.max), suffix)
		return l.def
	}
	return n
}

// duration reads a time span within limits.
func (b *body) duration(name string, l limits[time.Duration]) time.Duration {
	d, ok := checked(b, name, l.def, literal.Duration)
	if ok && (d < l.min || d > l.max) {
		b.reject(name, "Write a duration from %s to %s.", literal.FormatDuration(l.min), literal.FormatDuration(l.max))
		return l.def
	}
	return d
}

// strings reads a list of strings, each checked; def if it is not written.
// Doubles in it are refused: one of them was meant to be something else.
func (b *body) strings(name string, def []string, check func(string) error) []string {
	v, ok := b.eval(name, stringListType)
	if !ok {
		return def
	}
	out := make([]string, 0, v.LengthInt())
	for i, e := range v.AsValueSlice() {
		at := b.elementPlace(name, i)
		if e.IsNull() {
			b.rejectAt(name, at, "An element is null; write a string or leave it out.")
			continue
		}
		s := e.AsString()
		if err := check(s); err != nil {
			b.rejectAt(name, at, fmt.Sprintf("%s %v.", v.quote(s), err))
			continue
		}
		if slices.Contains(out, s) {
			b.rejectAt(name, at, fmt.Sprintf("%s is listed twice.", v.quote(s)))
			continue
		}
		out = append(out, s)
	}
	return out
}

// emptyList reports whether a list is written and has nothing in it, which for
// some arguments would quietly mean "nothing".
func (b *body) emptyList(name string) bool {
	v, ok := b.eval(name, stringListType)
	return ok && v.LengthInt() == 0
}

// elementPlace is where a list's element stands, if the list is written out.
func (b *body) elementPlace(name string, i int) hcl.Range {
	if t, ok := b.src.Attributes[name].Expr.(*hclsyntax.TupleConsExpr); ok && i < len(t.Exprs) {
		return t.Exprs[i].Range()
	}
	return b.place(name)
}

// stringMap reads a map of strings.
func (b *body) stringMap(name string) map[string]string {
	v, ok := b.eval(name, cty.Map(cty.String))
	if !ok || v.LengthInt() == 0 {
		return nil
	}
	out := make(map[string]string, v.LengthInt())
	for k, e := range v.AsValueMap() { // nothing here depends on the order
		if e.IsNull() {
			b.reject(name, "The value of one of its keys is null; write a string or leave it out.")
			continue
		}
		out[k] = e.AsString()
	}
	return out
}
