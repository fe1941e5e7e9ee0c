package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// wait is how long anything that is not measured may take.
const wait = 2 * time.Minute

func rows() []row {
	return slices.Concat(catchUpRows(), []row{delayRow()}, copyRows(), steadyRows(), []row{memoryRow(), discardRow()})
}

// show prints a line a row.
func show(to io.Writer, results []Result) {
	w := tabwriter.NewWriter(to, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "row\tours\tpeer\tunit\tratio\ttarget\tmet\tagent CPU s\tagent peak MiB\ttarget CPU s\tpeer's\tn\t")
	for _, r := range results {
		fmt.Fprintf(w, "%s\t%.2f\t%.2f\t%s\t%.2f\t%s\t%s\t%.1f\t%.0f\t%.1f\t%.1f\t%d/%d\t\n", r.Name, r.Ours, r.Peer, r.Unit, r.Ratio, r.goal(), r.verdict(),
			r.AgentCPU, r.PeakMiB, r.TargetCPU, r.PeerCPU, len(r.Runs.Ours), len(r.Runs.Peer))
	}
	w.Flush()
}

func (r *Result) goal() string {
	sign := "≥"
	if r.AtMost {
		sign = "≤"
	}
	return fmt.Sprintf("%s %g", sign, r.Target)
}

func (r *Result) verdict() string {
	switch {
	case r.Ratio == 0:
		return "-"
	case r.Met:
		return "yes"
	}
	return "no"
}

// The lines between which document writes.
const (
	generatedFrom = "<!-- generated: go run ./integration/bench -results -->"
	generatedTo   = "<!-- end of generated -->"
)

// document rewrites the generated part of a Markdown file.
func document(file string, results []Result) error {
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	head, rest, ok := strings.Cut(string(text), generatedFrom)
	_, tail, ok2 := strings.Cut(rest, generatedTo)
	if !ok || !ok2 {
		return errors.New(file + " has no generated part")
	}
	return os.WriteFile(file, []byte(head+generatedFrom+"\n\n"+markdown(results)+"\n"+generatedTo+tail), 0o644)
}

func markdown(results []Result) string {
	var b strings.Builder
	b.WriteString("| Row | Ours | Peer | Ratio | Target | Met | Agent CPU s | Agent peak MiB | Target CPU s, ours / peer | Runs |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range results {
		fmt.Fprintf(&b, "| `%s` | %.2f %s | %.2f %s | %.2f | %s | %s | %.1f | %.0f | %.1f / %.1f | %d / %d |\n", r.Name, r.Ours, r.Unit, r.Peer, r.Unit, r.Ratio, r.goal(), r.verdict(),
			r.AgentCPU, r.PeakMiB, r.TargetCPU, r.PeerCPU, len(r.Runs.Ours), len(r.Runs.Peer))
	}
	return b.String()
}
