package main

import (
	"encoding/json"
	"errors"
	"os"
)

// Result is one row's outcome. Ours and Peer are medians.
type Result struct {
	Name      string  `json:"name"`
	What      string  `json:"what"`
	Ours      float64 `json:"ours"`
	Peer      float64 `json:"peer"`
	Ratio     float64 `json:"ratio"`
	Unit      string  `json:"unit"`
	Target    float64 `json:"target"` // for the ratio
	AtMost    bool    `json:"at_most"`
	Met       bool    `json:"met"`
	Settings  string  `json:"settings"`
	Commit    string  `json:"commit"`
	Scale     float64 `json:"scale"`
	Median    float64 `json:"median"` // the same as ours
	AgentCPU  float64 `json:"cpu_seconds"`
	PeakMiB   float64 `json:"peak_rss_mib"` // of all runs
	TargetCPU float64 `json:"target_cpu_seconds"`
	PeerCPU   float64 `json:"peer_target_cpu_seconds"`
	Runs      struct {
		Ours []sample            `json:"ours"`
		Peer []sample            `json:"peer"`
		Info map[string][]sample `json:"info,omitempty"`
	} `json:"runs"`

	ratio func(ours, peer float64) float64
}

// sum fills what follows from the runs.
func (r *Result) sum() {
	value := func(s sample) float64 { return s.Value }
	r.Ours, r.Peer = median(r.Runs.Ours, value), median(r.Runs.Peer, value)
	r.Median = r.Ours
	r.AgentCPU = median(r.Runs.Ours, func(s sample) float64 { return s.AgentCPU })
	r.TargetCPU = median(r.Runs.Ours, func(s sample) float64 { return s.TargetCPU })
	r.PeerCPU = median(r.Runs.Peer, func(s sample) float64 { return s.TargetCPU })
	for _, s := range r.Runs.Ours {
		r.PeakMiB = max(r.PeakMiB, s.PeakMiB)
	}
	if r.Ours == 0 || r.Peer == 0 {
		return
	}
	r.Ratio = r.ratio(r.Ours, r.Peer)
	r.Met = r.Ratio >= r.Target
	if r.AtMost {
		r.Met = r.Ratio <= r.Target
	}
}

// merge puts a row's result into the list. Runs of the same row, commit, scale
// and settings come together; of anything else the newer holds.
func merge(all []Result, r Result) []Result {
	for i, old := range all {
		if old.Name != r.Name {
			continue
		}
		if old.Commit == r.Commit && old.Settings == r.Settings && old.Scale == r.Scale {
			r.Runs.Ours = append(old.Runs.Ours, r.Runs.Ours...)
			r.Runs.Peer = append(old.Runs.Peer, r.Runs.Peer...)
			for name, s := range old.Runs.Info {
				if r.Runs.Info == nil {
					r.Runs.Info = map[string][]sample{}
				}
				r.Runs.Info[name] = append(s, r.Runs.Info[name]...)
			}
		}
		r.sum()
		all[i] = r
		return all
	}
	r.sum()
	return append(all, r)
}

func load(file string) (results []Result, err error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return results, json.Unmarshal(b, &results)
}

func save(file string, results []Result) error {
	if file == "" {
		return nil
	}
	b, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}
