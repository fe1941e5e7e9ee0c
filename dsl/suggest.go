package dsl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// nearest finds the known name a mistyped one was probably meant to be.
func nearest(given string, known []string) string {
	best, bestDistance := "", 3
	sorted := slices.Sorted(slices.Values(known))
	for _, k := range sorted {
		d := levenshtein.Distance(strings.ToLower(given), strings.ToLower(k), nil)
		if d < bestDistance && d < len([]rune(k)) {
			best, bestDistance = k, d
		}
	}
	if best != "" || len(given) < 3 {
		return best
	}
	for _, k := range sorted { // "thread_count" for "threads": one begins the other
		if strings.HasPrefix(k, given) || strings.HasPrefix(given, k) && len(k) > 3 {
			return k
		}
	}
	return ""
}

// didYouMean is the remedy for a mistyped name: the likely one, or all.
func didYouMean(given string, known []string) string {
	if n := nearest(given, known); n != "" {
		return fmt.Sprintf("Did you mean %q?", n)
	}
	if len(known) == 0 {
		return "None is known here."
	}
	return "Known here: " + list(known, "and") + "."
}

// list writes names as "a", "b" and "c".
func list(names []string, last string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	n := len(quoted) - 1
	return strings.Join(quoted[:n], ", ") + " " + last + " " + quoted[n]
}
