package dsl

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/tidegate-io/tidegate/dsl/internal/literal"
	"github.com/tidegate-io/tidegate/internal/spec"
)

var endpointSchema = &schema{
	kind: "endpoint", label: "name", many: true,
	attrs:  append(optional("for_each", "password", "flavor", "compress"), required("address"), required("user")),
	blocks: []*schema{tlsSchema},
}

// endpointDecl is an endpoint block and what it stands for.
type endpointDecl struct {
	forEach   bool
	unknown   bool                      // for_each could not be evaluated
	instances map[string]*spec.Endpoint // by key; "" without for_each
}

func (d *decoder) readEndpoints(blocks []*hclsyntax.Block) {
	first := map[string]hcl.Range{}
	for _, blk := range blocks {
		decl := &endpointDecl{instances: map[string]*spec.Endpoint{}}
		var instances []instance
		instances, decl.forEach = d.expand(blk)
		var b *body
		for _, inst := range instances {
			b = d.open(endpointSchema, blk, inst.ctx)
			e := b.endpoint()
			if inst.rehearsal {
				decl.unknown = true
				continue
			}
			if decl.forEach {
				e.Name = fmt.Sprintf("%s[%q]", e.Name, inst.key)
			}
			decl.instances[inst.key] = &e
		}
		if b.label == "" || !d.unique(first, "endpoint", b.label, b.label0) {
			continue
		}
		if !hclsyntax.ValidIdentifier(b.label) {
			b.fail(b.label0, "Invalid name", "%q cannot be written after \"endpoint.\"; use letters, digits, \"_\" and \"-\", beginning with a letter.", b.label)
		}
		d.endpoints[b.label] = decl
	}
}

func (b *body) endpoint() spec.Endpoint {
	e := spec.Endpoint{
		Name:     b.label,
		User:     b.str("user", ""),
		Password: b.secret("password"),
		Flavor:   b.flavor(),
		Compress: b.flag("compress", false),
		TLS:      b.one(tlsSchema).tls(),
	}
	e.Address = b.address()
	if v, ok := b.eval("user", stringType); ok && v.AsString() == "" {
		b.reject("user", "An empty user name would log in as the anonymous account; write the migration account's name.")
	}
	return e
}

// address reads the server's address without ever quoting it: one copied from a
// URL carries a password.
func (b *body) address() string {
	v, ok := b.eval("address", stringType)
	if !ok {
		return ""
	}
	a, err := literal.Address(v.AsString())
	if err != nil {
		b.fail(b.place("address"), "Invalid address", "The address %v.", err)
	}
	return a
}

func (b *body) flavor() string {
	if _, ok := b.eval("flavor", stringType); !ok {
		return ""
	}
	return b.choice("flavor", "mysql", "mariadb")
}
