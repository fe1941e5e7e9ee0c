package dsl

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

const findingSource = `locals {
  sites = ["eu", "us"]
}
endpoint "site" {
  for_each = local.sites
  address  = "db-${each.key}:99999"
  user     = "u"
  thread   = 4
}
`

const findingText = `Error: Invalid address

  on shop.hcl line 6, in endpoint "site":
   6:   address  = "db-${each.key}:99999"

The address has no port between 1 and 65535.

Error: Unknown argument

  on shop.hcl line 8, in endpoint "site":
   8:   thread   = 4

An endpoint block has no argument "thread". Known here: "for_each",
"password", "flavor", "compress", "address" and "user".

`

func findings(t *testing.T) Diagnostics {
	t.Helper()
	_, diags := LoadSource("shop.hcl", []byte(findingSource), Options{Env: noEnv})
	return diags
}

func TestWriteText(t *testing.T) {
	diags := findings(t)
	got := textOf(t, diags)
	want := strings.ReplaceAll(findingText, "\"for_each\",\n\"password\"", "\"for_each\", \"password\"")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(got, "\x1b") {
		t.Error("colour in a pipe")
	}
	var wrapped bytes.Buffer
	for _, d := range diags {
		if err := d.writeText(&wrapped, 78, false); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(findingText, wrapped.String()); diff != "" {
		t.Error(diff)
	}
}

// Findings that went over the API print as they do here.
func TestJSONKeepsEverything(t *testing.T) {
	diags := findings(t)
	var out bytes.Buffer
	if err := diags.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var back struct {
		Valid            bool
		Errors, Warnings int
		Diagnostics      Diagnostics
	}
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if back.Valid || back.Errors != 2 || back.Warnings != 0 {
		t.Errorf("%+v", back)
	}
	if diff := cmp.Diff(diags, back.Diagnostics); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(textOf(t, diags), textOf(t, back.Diagnostics)); diff != "" {
		t.Error(diff)
	}
	out.Reset()
	if err := (Diagnostics{}).WriteJSON(&out); err != nil || !strings.Contains(out.String(), `"diagnostics": []`) {
		t.Errorf("no findings: %s, %v", out.String(), err)
	}
}

func TestErr(t *testing.T) {
	if err := (Diagnostics{{Severity: SeverityWarning}}).Err(); err != nil {
		t.Error("a warning is no error")
	}
	err := findings(t).Err()
	if want := "shop.hcl:6:14: Invalid address: The address has no port between 1 and 65535. (and 1 more)"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if hint, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); !ok || hint.Hint() == "" {
		t.Error("no hint")
	}
}

// A finding says which of many instances it is about, and marks the place.
func TestValuesAndHighlight(t *testing.T) {
	src := "locals {\n  n = { eu = 1, us = 0 }\n}\n" + endpointsText +
		strings.NewReplacer("  from", "  for_each = local.n\n  from", "  objects", "  copy {\n    threads = each.value\n  }\n  objects").Replace(pipelineText)
	_, diags := LoadSource("x.hcl", []byte(src), Options{Env: noEnv})
	if len(diags) != 1 {
		t.Fatal(diags)
	}
	d := diags[0]
	if diff := cmp.Diff([]string{"each.value is 0"}, d.Values); diff != "" {
		t.Error(diff)
	}
	if got := d.Snippet.Code[d.Snippet.HighlightStart:d.Snippet.HighlightEnd]; got != "each.value" {
		t.Errorf("marked %q in %q", got, d.Snippet.Code)
	}
	if text := textOf(t, diags); !strings.Contains(text, "Here each.value is 0.") {
		t.Error(text)
	}
}

func TestMaskSecrets(t *testing.T) {
	for in, want := range map[string]string{
		`password = "x"`:                       `password = "***"`,
		`password = env("X")`:                  `password = env("X")`,
		`password = file("a/${each.key}")`:     `password = file("a/${each.key}")`,
		`password = var.shop.password`:         `password = var.shop.password`,
		`password = local.pw["a"]`:             `password = local.pw["***"]`,
		`password = "a${var.x}b"`:              `password = "***${var.x}***"`,
		`password = x.y`:                       `password = ***.***`,
		`p { password = "x" }`:                 `p { password = "***" }`,
		`sensitive = true`:                     `sensitive = true`,
		`address = "db:3306"`:                  `address = "db:3306"`,
		`address = "u:p@db"`:                   `address = "***"`,
		`variable "a_password" {`:              `variable "a_password" {`,
		`user = "password"`:                    `user = "password"`,
		`variable "x" { sensitive = true }`:    `variable "x" { sensitive = true }`,
		"x \"y\" {\nsensitive=1\ndefault=2\n}": "x \"y\" {\nsensitive=1\ndefault=***\n}",
		"x \"y\" {\ndefault=2\n}":              "x \"y\" {\ndefault=2\n}",
	} {
		masked := maskText(in, false)
		if got := unmask(masked); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
		if len(masked) != len(in) {
			t.Errorf("%s: offsets moved", in)
		}
	}
	if got := unmask(maskText("a = \"x\"\nb = {\n  c = 1\n}\n", true)); got != "a =***\nb =***\n  *** =***\n***\n" {
		t.Errorf("variables file: %q", got)
	}
}

func maskText(src string, all bool) []byte {
	tokens, _ := hclsyntax.LexConfig([]byte(src), "", hcl.InitialPos)
	return maskSecrets([]byte(src), tokens, all)
}
