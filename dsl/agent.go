package dsl

var agentSchema = &schema{kind: "agent", attrs: optional("labels")}

func (b *body) agentLabels() map[string]string {
	labels := b.stringMap("labels")
	for _, k := range sortedKeys(labels) {
		if k == "" || labels[k] == "" {
			b.reject("labels", "A label has a name and a value, such as { site = \"old-dc\" }.")
		}
	}
	return labels
}
