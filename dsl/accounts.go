package dsl

import (
	"github.com/tidegate-io/tidegate/dsl/internal/literal"
	"github.com/tidegate-io/tidegate/internal/spec"
)

var accountsSchema = &schema{
	kind:  "accounts",
	attrs: append(optional("except", "on_exists"), required("include")),
}

// accounts is nil where the block is not written: no account is moved then.
func (b *body) accounts() *spec.Accounts {
	if !b.written() {
		return nil
	}
	a := &spec.Accounts{
		Include:  b.strings("include", []string{}, literal.AccountPattern),
		Except:   b.strings("except", nil, literal.AccountPattern),
		OnExists: b.choice("on_exists", "fail", "skip", "overwrite"),
	}
	if b.emptyList("include") {
		b.reject("include", "An empty list moves no account; write for example [\"app@%%\"], or drop the block.")
	}
	return a
}
