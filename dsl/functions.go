package dsl

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// plainFunctions is the closed list without env and file. None depends on time,
// randomness or the network: a plan made twice is the same plan.
var plainFunctions = map[string]function.Function{
	// strings
	"upper": stdlib.UpperFunc, "lower": stdlib.LowerFunc, "title": stdlib.TitleFunc,
	"trim": stdlib.TrimFunc, "trimspace": stdlib.TrimSpaceFunc,
	"trimprefix": stdlib.TrimPrefixFunc, "trimsuffix": stdlib.TrimSuffixFunc,
	"replace": stdlib.ReplaceFunc, "split": stdlib.SplitFunc, "join": stdlib.JoinFunc,
	"substr": stdlib.SubstrFunc, "strlen": stdlib.StrlenFunc, "format": stdlib.FormatFunc,
	"formatlist": stdlib.FormatListFunc, "regex": stdlib.RegexFunc, "regexall": stdlib.RegexAllFunc,
	"startswith": affixFunc(strings.HasPrefix), "endswith": affixFunc(strings.HasSuffix),

	// collections
	"chunklist": stdlib.ChunklistFunc, "coalesce": stdlib.CoalesceFunc, "coalescelist": stdlib.CoalesceListFunc,
	"compact": stdlib.CompactFunc, "concat": stdlib.ConcatFunc, "contains": stdlib.ContainsFunc,
	"distinct": stdlib.DistinctFunc, "element": stdlib.ElementFunc, "flatten": stdlib.FlattenFunc,
	"index": stdlib.IndexFunc, "keys": stdlib.KeysFunc, "length": stdlib.LengthFunc, "lookup": stdlib.LookupFunc,
	"merge": stdlib.MergeFunc, "range": stdlib.RangeFunc, "reverse": stdlib.ReverseListFunc,
	"setintersection": stdlib.SetIntersectionFunc, "setproduct": stdlib.SetProductFunc,
	"setsubtract": stdlib.SetSubtractFunc, "setunion": stdlib.SetUnionFunc,
	"slice": stdlib.SliceFunc, "sort": stdlib.SortFunc, "values": stdlib.ValuesFunc, "zipmap": stdlib.ZipmapFunc,

	// numbers
	"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc,
	"max": stdlib.MaxFunc, "min": stdlib.MinFunc, "parseint": stdlib.ParseIntFunc,

	// encoding
	"base64decode": base64DecodeFunc, "base64encode": base64EncodeFunc, "csvdecode": stdlib.CSVDecodeFunc,
	"jsondecode": stdlib.JSONDecodeFunc, "jsonencode": stdlib.JSONEncodeFunc,

	// types
	"tobool": stdlib.MakeToFunc(cty.Bool), "tonumber": stdlib.MakeToFunc(cty.Number),
	"tostring": stdlib.MakeToFunc(cty.String), "tolist": stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)),
	"tomap": stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)), "toset": stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)),
}

// functions is the closed list for files of one folder.
func (d *decoder) functions(dir string) map[string]function.Function {
	out := make(map[string]function.Function, len(plainFunctions)+2)
	for name, f := range plainFunctions {
		out[name] = f
	}
	out["env"] = hiddenFunc("name", func(name string) (string, error) {
		v, ok := d.opts.Env(name)
		if !ok {
			return "", sourceError(fmt.Sprintf("the environment variable %s is not set; set it, or use a variable block with a default", name))
		}
		return v, nil
	})
	out["file"] = hiddenFunc("path", func(path string) (string, error) {
		return readText(absolute(dir, path))
	})
	return out
}

// functionNames lists the closed list for messages.
func functionNames() []string {
	names := append(sortedKeys(plainFunctions), "env", "file")
	slices.Sort(names)
	return names
}

// sourceError is what env and file say about where they looked.
type sourceError string

func (e sourceError) Error() string { return string(e) }

func errorsAsSourceError(err error) (sourceError, bool) { return errors.AsType[sourceError](err) }

// hiddenFunc is a function of one string whose result no message may quote.
func hiddenFunc(param string, f func(string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: param, Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := f(args[0].AsString())
			if err != nil {
				return cty.NilVal, err
			}
			return cty.StringVal(s).Mark(markHidden), nil
		},
	})
}

// maxTextBytes bounds what file reads into an argument.
const maxTextBytes = 1 << 20

// readText reads a small text file, without its trailing line break: that is
// how editors and `echo` leave passwords.
func readText(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", sourceError(fmt.Sprintf("there is no file %s; relative paths begin at the pipeline file's folder", path))
	case err != nil:
		return "", sourceError(describe(err, path))
	case !info.Mode().IsRegular():
		return "", sourceError(path + " is not a regular file")
	case info.Size() > maxTextBytes:
		return "", sourceError(path + " is larger than 1 MiB")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", sourceError(describe(err, path))
	}
	if !utf8.Valid(b) {
		return "", sourceError(path + " is not UTF-8 text")
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// absolute resolves a path as written in a file of dir.
func absolute(dir, path string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

func affixFunc(has func(s, affix string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "str", Type: cty.String}, {Name: "affix", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(has(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

var base64EncodeFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "str", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		return cty.StringVal(base64.StdEncoding.EncodeToString([]byte(args[0].AsString()))), nil
	},
})

var base64DecodeFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "str", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		b, err := base64.StdEncoding.DecodeString(args[0].AsString())
		if err != nil {
			return cty.NilVal, errors.New("not base64 text")
		}
		if !utf8.Valid(b) {
			return cty.NilVal, errors.New("the decoded bytes are not UTF-8 text")
		}
		return cty.StringVal(string(b)), nil
	},
})
