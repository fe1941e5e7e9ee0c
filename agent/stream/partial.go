package stream

import (
	"github.com/tidegate-io/tidegate/internal/change"
)

// complete rewrites images that lack columns to ones that have all: those that
// the log left out are NULL in them, and named by the bits of lacks. present are
// the bitmaps of an event's columns, before and after.
func (x *cutter) complete(op change.Op, def *change.TableMap, present [][]byte, data []byte) (out, lacks []byte, err error) {
	n := len(def.Types)
	lacks = make([]byte, (n+7)/8)
	var forms []partialForm
	for i, bits := range present {
		if op == change.Update || i == 0 { // other events have one bitmap
			forms = append(forms, newPartialForm(def, bits, lacks))
		}
	}
	for i := range forms {
		if len(forms[i].spans) == 0 { // rows without a value cannot be counted
			return nil, nil, lacking(def)
		}
	}
	for at := 0; len(data) > 0; at++ {
		f := &forms[at%len(forms)]
		row, size, err := f.def.Cut(data, f.spans)
		if err != nil {
			return nil, nil, err
		}
		start := len(out)
		out = append(out, make([]byte, (n+7)/8)...)
		nulls := out[start:]
		for i := range n {
			if at := f.at[i]; at < 0 || row.Null(at) {
				nulls[i/8] |= 1 << (i % 8)
			}
		}
		out = append(out, data[(len(f.def.Types)+7)/8:size]...)
		data = data[size:]
	}
	return x.arena.keep(out), lacks, nil
}

// partialForm is how images of some columns are laid out.
type partialForm struct {
	def   *change.TableMap
	spans []change.Span
	at    []int // of a table's column, where it is among those that are there; -1: it is not
}

func newPartialForm(def *change.TableMap, bits, lacks []byte) partialForm {
	f := partialForm{def: &change.TableMap{Schema: def.Schema, Name: def.Name}, at: make([]int, len(def.Types))}
	for i := range def.Types {
		if bits[i/8]&(1<<(i%8)) == 0 {
			f.at[i] = -1
			lacks[i/8] |= 1 << (i % 8)
			continue
		}
		f.at[i] = len(f.def.Types)
		f.def.Types, f.def.Meta = append(f.def.Types, def.Types[i]), append(f.def.Meta, def.Meta[i])
	}
	f.spans = make([]change.Span, len(f.def.Types))
	return f
}
