package sqltext

import (
	"slices"
	"strings"
)

// Edits are replacements in one text. They may be added in any order; where
// two overlap, the one that begins first wins (of two that begin together, the
// longer).
type Edits struct {
	list []edit
}

type edit struct {
	start, end int
	text       string
}

// Replace puts text in the place of bytes start to end.
func (e *Edits) Replace(start, end int, text string) {
	e.list = append(e.list, edit{start, end, text})
}

// Insert puts text before byte at.
func (e *Edits) Insert(at int, text string) { e.Replace(at, at, text) }

// Empty reports whether nothing is to be changed.
func (e *Edits) Empty() bool { return len(e.list) == 0 }

// Apply returns the changed text.
func (e *Edits) Apply(sql string) string { return e.Slice(sql, 0, len(sql)) }

// Slice returns bytes start to end of the changed text; places are those of the
// unchanged one.
func (e *Edits) Slice(sql string, start, end int) string {
	slices.SortStableFunc(e.list, func(a, b edit) int {
		if a.start != b.start {
			return a.start - b.start
		}
		if (a.start == a.end) != (b.start == b.end) { // insertions first
			if a.start == a.end {
				return -1
			}
			return 1
		}
		return b.end - a.end
	})
	var b strings.Builder
	at := start
	for _, x := range e.list {
		if x.start < at || x.end > end || x.start >= end && x.start != x.end {
			continue
		}
		b.WriteString(sql[at:x.start])
		b.WriteString(x.text)
		at = x.end
	}
	b.WriteString(sql[at:end])
	return b.String()
}
