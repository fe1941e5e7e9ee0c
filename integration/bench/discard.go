package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
)

func discardRow() row {
	return row{name: "discard", what: "reading the log with no table selected, against reading it without looking at it", unit: "MB/s", target: 0.6, prepare: prepareDiscard}
}

// prepareDiscard takes its figures from agent/stream's own benchmark, which
// reads one log both ways.
func prepareDiscard(context.Context, *bench) (*job, error) {
	var limit, got float64
	return &job{
		settings: "BenchmarkRead of agent/stream: about 200 MB of small transactions; the limit is go-mysql in raw mode",
		ratio:    func(ours, peer float64) float64 { return ours / peer },
		peer: func(ctx context.Context) (sample, error) {
			var err error
			got, limit, err = benchmarkRead(ctx)
			return sample{Value: limit}, err
		},
		ours: func(ctx context.Context) (s sample, err error) {
			if got == 0 {
				if got, limit, err = benchmarkRead(ctx); err != nil {
					return s, err
				}
			}
			s.Value, got = got, 0
			return s, nil
		},
	}, nil
}

var readLine = regexp.MustCompile(`BenchmarkRead/(Reader,selected=false|go-mysql,raw=true)\S*\s.*?([0-9.]+) MB/s`)

// benchmarkRead gives both rates in MB/s.
func benchmarkRead(ctx context.Context) (ours, limit float64, err error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-bench=^BenchmarkRead$/^(Reader,selected=false|go-mysql,raw=true)$", "-benchtime=3x",
		"github.com/tidegate-io/tidegate/agent/stream")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, 0, fmt.Errorf("%w\n%s", err, out)
	}
	for _, m := range readLine.FindAllSubmatch(out, -1) {
		rate, err := strconv.ParseFloat(string(m[2]), 64)
		if err != nil {
			return 0, 0, err
		}
		if string(m[1]) == "go-mysql,raw=true" {
			limit = rate
		} else {
			ours = rate
		}
	}
	if ours == 0 || limit == 0 {
		return 0, 0, errors.New("the benchmark printed no rates:\n" + string(out))
	}
	return ours, limit, nil
}
