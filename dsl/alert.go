package dsl

import (
	"errors"
	"strconv"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/tidegate-io/tidegate/dsl/internal/literal"
	"github.com/tidegate-io/tidegate/internal/spec"
)

var alertSchema = &schema{
	kind: "alert", label: "name", many: true,
	attrs: append(optional("above", "for"), required("webhook")),
}

// alertReaders maps what an alert can watch to how its limit is written; nil:
// it is an event and has no limit.
var alertReaders = map[string]func(string) error{
	"lag":       func(s string) error { _, err := literal.Duration(s); return err },
	"gap":       func(s string) error { _, err := literal.Size(s); return err },
	"conflicts": count,
	"error":     nil,
	"stalled":   nil,
}

func (b *body) alerts() []spec.Alert {
	var out []spec.Alert
	first := map[string]hcl.Range{}
	for _, a := range b.all(alertSchema) {
		b.d.unique(first, "alert", a.label, a.label0)
		out = append(out, a.alert())
	}
	return out
}

func (b *body) alert() spec.Alert {
	a := spec.Alert{
		Name:    b.label,
		For:     b.duration("for", limits[time.Duration]{min: 0, max: 24 * time.Hour}),
		Webhook: b.secret("webhook"),
	}
	read, known := alertReaders[b.label]
	switch {
	case b.label == "": // reported as a missing label
	case !known:
		b.fail(b.label0, "Unknown alert", "There is nothing %q to watch. %s", b.label, didYouMean(b.label, sortedKeys(alertReaders)))
	case read == nil && b.has("above"):
		b.reject("above", "Alert %q is about something that happens, not about a value; leave the argument out.", b.label)
	case read != nil && !b.has("above"):
		b.fail(b.head, "Missing argument", "Alert %q needs a limit: above = …", b.label)
	case read != nil:
		a.Above, _ = checked(b, "above", "", func(s string) (string, error) { return s, read(s) })
	}
	return a
}

func count(s string) error {
	if _, err := strconv.ParseUint(s, 10, 31); err != nil {
		return errNotCount
	}
	return nil
}

var errNotCount = errors.New(`is not a count; write for example "0"`)
