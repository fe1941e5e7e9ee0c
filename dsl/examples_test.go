package dsl

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

const examplesDir = "../examples"

func noEnv(string) (string, bool) { return "", false }

// Every example loads without a finding, as an operator would first meet it, and
// is written as tidegate fmt writes it.
func TestExamplesLoadAndAreFormatted(t *testing.T) {
	files, err := filepath.Glob(examplesDir + "/*.hcl")
	if err != nil || len(files) < 5 {
		t.Fatalf("found %d examples, %v", len(files), err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			config, diags := Load([]string{f}, Options{Env: noEnv})
			for _, d := range diags {
				t.Error(d)
			}
			if config == nil || len(config.Pipelines) == 0 {
				t.Fatal("no pipelines")
			}
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			formatted, diags := Format(f, src)
			if diags.HasErrors() {
				t.Fatal(diags.Err())
			}
			if diff := cmp.Diff(string(src), string(formatted)); diff != "" {
				t.Errorf("run tidegate fmt %s:\n%s", f, diff)
			}
			if src[0] != '#' {
				t.Error("the file does not begin by saying what it is for")
			}
		})
	}
}

// everything.hcl is the language's reference only as long as nothing is missing.
func TestEverythingHasEveryArgument(t *testing.T) {
	src, err := os.ReadFile(examplesDir + "/everything.hcl")
	if err != nil {
		t.Fatal(err)
	}
	file, diags := hclsyntax.ParseConfig(src, "everything.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var got []string
	var collect func(prefix string, b *hclsyntax.Body)
	collect = func(prefix string, b *hclsyntax.Body) {
		for name := range b.Attributes {
			if prefix != "/locals" { // its names are the author's
				got = append(got, prefix+"/"+name)
			}
		}
		for _, blk := range b.Blocks {
			got = append(got, prefix+"/"+blk.Type+"{}")
			collect(prefix+"/"+blk.Type, blk.Body)
		}
	}
	collect("", file.Body.(*hclsyntax.Body))
	slices.Sort(got)

	var want []string
	var walk func(prefix string, s *schema)
	walk = func(prefix string, s *schema) {
		for _, a := range s.attrs {
			want = append(want, prefix+"/"+a.name)
		}
		for _, b := range s.blocks {
			want = append(want, prefix+"/"+b.kind+"{}")
			walk(prefix+"/"+b.kind, b)
		}
	}
	walk("", fileSchema)
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Errorf("schema (-) and everything.hcl (+) differ:\n%s", diff)
	}
}
