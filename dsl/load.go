package dsl

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/tidegate-io/tidegate/internal/spec"
)

// Options are what a load depends on besides the files.
type Options struct {
	Vars     map[string]string // -var name=value; wins over everything
	VarFiles []string          // -var-file, later ones win over earlier ones

	// Env looks up an environment variable, for TIDEGATE_VAR_x and env("X").
	// Nil: the process's own.
	Env func(name string) (string, bool)

	// BaseDir is where relative paths in the files begin. Empty: the folder of
	// the file they stand in.
	BaseDir string
}

// Config is what pipeline files say.
type Config struct {
	Pipelines []spec.Pipeline // sorted by name

	// Places tells by pipeline name where its block stands.
	Places map[string]Place
}

// Place is a line of a file.
type Place struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// Load reads files and directories as one configuration: what one file declares
// the others can use. The config is nil if there are errors; warnings may come
// with it.
func Load(paths []string, opts Options) (*Config, Diagnostics) {
	d := newDecoder(opts)
	return d.load(d.read(paths))
}

// LoadSource reads one file given by its content. The name is shown in findings;
// relative paths begin at BaseDir, or the working directory.
func LoadSource(name string, src []byte, opts Options) (*Config, Diagnostics) {
	d := newDecoder(opts)
	return d.load([]*source{{name: name, dir: cmp.Or(opts.BaseDir, "."), src: src}})
}

// decoder holds one load.
type decoder struct {
	opts    Options
	diags   hcl.Diagnostics
	sources map[string]*source
	scopes  map[string]*hcl.EvalContext // by folder

	vars      map[string]cty.Value
	locals    map[string]cty.Value
	endpoints map[string]*endpointDecl

	endpointObject cty.Value // endpoints for expressions, once all are read

	secrets []string // plain values to keep out of every finding
}

func newDecoder(opts Options) *decoder {
	if opts.Env == nil {
		opts.Env = os.LookupEnv
	}
	return &decoder{
		opts:      opts,
		sources:   map[string]*source{},
		scopes:    map[string]*hcl.EvalContext{},
		vars:      map[string]cty.Value{},
		locals:    map[string]cty.Value{},
		endpoints: map[string]*endpointDecl{},
	}
}

func (d *decoder) load(sources []*source) (*Config, Diagnostics) {
	for _, s := range sources {
		d.parse(s, false)
	}
	if d.diags.HasErrors() {
		// Half a file lacks what the other half refers to: more findings now
		// would be noise.
		return nil, d.report()
	}
	top := d.topLevel(sources)
	d.readVariables(top[variableSchema])
	d.readLocals(top[localsSchema])
	d.readEndpoints(top[endpointSchema])
	config := d.readPipelines(top[pipelineSchema])
	diags := d.report()
	if diags.HasErrors() {
		return nil, diags
	}
	return config, diags
}

// topLevel sorts the files' blocks by type and reports what belongs nowhere.
func (d *decoder) topLevel(sources []*source) map[*schema][]*hclsyntax.Block {
	out := map[*schema][]*hclsyntax.Block{}
	for _, s := range sources {
		file := &body{d: d, schema: fileSchema, src: s.body}
		file.checkNames()
		for _, blk := range s.body.Blocks {
			if known := fileSchema.block(blk.Type); known != nil {
				out[known] = append(out[known], blk)
			}
		}
	}
	return out
}

// unique refuses a name that was declared before, in whatever file.
func (d *decoder) unique(first map[string]hcl.Range, kind, name string, at hcl.Range) bool {
	if before, ok := first[name]; ok {
		d.failAt(&at, "Duplicate "+kind, "There is %s %s %q already at %s; give one of them another name.", article(kind), kind, name, placeOf(before))
		return false
	}
	first[name] = at
	return true
}

// failAt reports an error at a place, or without one.
func (d *decoder) failAt(at *hcl.Range, summary, format string, args ...any) {
	d.diags = append(d.diags, &hcl.Diagnostic{
		Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: at,
	})
}

// keepSecret remembers every string in a value, to keep it out of findings. The
// longest come first, so that one secret inside another leaves no rest.
func (d *decoder) keepSecret(v cty.Value) {
	plain, _ := v.UnmarkDeep()
	_ = cty.Walk(plain, func(_ cty.Path, e cty.Value) (bool, error) {
		if e.IsKnown() && !e.IsNull() && e.Type() == cty.String {
			d.secrets = append(d.secrets, e.AsString())
		}
		return true, nil
	})
	slices.SortStableFunc(d.secrets, func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	d.secrets = slices.Compact(d.secrets)
}

// sortedKeys gives maps an order wherever findings or results depend on it.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
