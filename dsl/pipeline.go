package dsl

import (
	"cmp"
	"regexp"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/tidegate-io/tidegate/dsl/internal/literal"
	"github.com/tidegate-io/tidegate/internal/spec"
)

var pipelineSchema = &schema{
	kind: "pipeline", label: "name", many: true,
	attrs: append(optional("for_each", "type"), required("from"), required("to")),
	blocks: []*schema{
		agentSchema, startSchema, objectsSchema, copySchema, applySchema, checkSchema,
		verifySchema, targetSchema, cutoverSchema, retrySchema, alertSchema,
	},
}

// pipelineName fits names that are typed on command lines and used in paths.
var pipelineName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

func (d *decoder) readPipelines(blocks []*hclsyntax.Block) *Config {
	c := &Config{Places: map[string]Place{}}
	first := map[string]hcl.Range{}
	for _, blk := range blocks {
		instances, _ := d.expand(blk)
		for _, inst := range instances {
			b := d.open(pipelineSchema, blk, inst.ctx)
			p := b.pipeline()
			if inst.key != "" {
				p.Name += "-" + inst.key
			}
			if inst.rehearsal || b.label == "" || !d.unique(first, "pipeline", p.Name, b.label0) {
				continue
			}
			if !pipelineName.MatchString(p.Name) {
				b.fail(b.label0, "Invalid name", "%q is no name of a pipeline; use up to 64 letters, digits, \"_\", \".\" and \"-\", beginning with a letter or digit.", p.Name)
			}
			c.Places[p.Name] = Place{File: b.head.Filename, Line: b.head.Start.Line}
			c.Pipelines = append(c.Pipelines, p)
		}
	}
	slices.SortFunc(c.Pipelines, func(a, b spec.Pipeline) int { return cmp.Compare(a.Name, b.Name) })
	return c
}

func (b *body) pipeline() spec.Pipeline {
	p := spec.Pipeline{
		Name: b.label,
		Type: spec.Type(b.choice("type", string(spec.TypeFullIncremental), string(spec.TypeStructure),
			string(spec.TypeFull), string(spec.TypeIncremental))),
		AgentLabels: b.one(agentSchema).agentLabels(),
		Objects:     b.one(objectsSchema).objects(),
		Copy:        b.one(copySchema).copy(),
		Apply:       b.one(applySchema).apply(),
		Check:       b.one(checkSchema).check(),
		Verify:      b.one(verifySchema).verify(),
		Target:      b.one(targetSchema).target(),
		Cutover:     b.one(cutoverSchema).cutover(),
		Retry:       b.one(retrySchema).retry(),
		Alerts:      b.alerts(),
	}
	p.Start = b.one(startSchema).start(p.Type)
	from, to := b.endpointRef("from"), b.endpointRef("to")
	if from != nil && to != nil {
		p.From, p.To = *from, *to
		b.checkSides(p)
	}
	if b.src != nil && !b.one(objectsSchema).written() {
		b.fail(b.head, "Missing block", "A pipeline needs an objects block that says what is moved: objects { database \"NAME\" { } }, on lines of their own.")
	}
	b.warnIdle(p.Type)
	p.Unsupported = unsupported(p)
	return p
}

// checkSides refuses a pipeline into its own source, unless every database gets
// a name there that none of them has now.
func (b *body) checkSides(p spec.Pipeline) {
	if p.From.Address == "" || p.From.Address != p.To.Address {
		return
	}
	apart := p.Objects.Accounts == nil
	for _, db := range p.Objects.Databases {
		apart = apart && db.Rename != "" && !literal.IsPattern(db.Name) &&
			!slices.ContainsFunc(p.Objects.Databases, func(other spec.Database) bool { return literal.Match(other.Name, db.Rename) })
	}
	if !apart {
		b.fail(b.place("to"), "Same server on both sides", "from and to have the same address. Name another endpoint, or rename every database to a name of its own, without accounts.")
	}
}

// warnIdle tells of blocks that this pipeline's type never looks at.
func (b *body) warnIdle(t spec.Type) {
	idle := map[spec.Type][]*schema{
		spec.TypeStructure:   {copySchema, applySchema, cutoverSchema},
		spec.TypeFull:        {cutoverSchema},
		spec.TypeIncremental: {copySchema},
	}
	for _, s := range idle[t] {
		if inner := b.one(s); inner.written() {
			b.warn(inner.head, "Block without effect", "A pipeline of type %q has no use for a %s block.", string(t), s.kind)
		}
	}
}
