package main

import (
	"fmt"
	"os"
	"text/tabwriter"
	"time"
)

// show prints what was measured, a line a pair.
func show(results []result) {
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w)
	fmt.Fprintln(w, "pair\trows copied\tMB\tMB/s\tchanges applied\thighest lag s\twrite stop ms\tequal\ttook\t")
	for _, r := range results {
		equal := "no"
		if r.equal {
			equal = "yes"
		}
		mb := float64(r.bytes) / 1e6
		fmt.Fprintf(w, "%s\t%d\t%.1f\t%.1f\t%d\t%.1f\t%.0f\t%s\t%s\t\n", r.pair, r.rows, mb, mb/r.copyTime.Seconds(), r.changes, r.highestLag, r.writeStop, equal, r.took.Round(time.Second))
	}
	w.Flush()
}
