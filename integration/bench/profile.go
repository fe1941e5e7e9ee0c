package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// profileSeconds is how much of a run a processor profile covers, from its
// beginning.
const profileSeconds = 8

// profile begins to record the agent, if that is asked for; what it returns
// ends it.
func (o *ours) profile() (end func() error) {
	if o.b.options.profile == "" {
		return func() error { return nil }
	}
	done := make(chan error, 1)
	stamp := time.Now().Format("150405")
	go func() { // ends after profileSeconds, or with the agent
		done <- o.fetch(fmt.Sprintf("/debug/pprof/profile?seconds=%d", profileSeconds), "cpu-"+stamp)
	}()
	return func() error {
		if err := o.fetch("/debug/pprof/heap", "heap-"+stamp); err != nil {
			return err
		}
		return <-done
	}
}

func (o *ours) fetch(path, name string) error {
	resp, err := http.Get("http://" + o.metrics + path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("fetch %s: %s", path, resp.Status)
	}
	if err := os.MkdirAll(o.b.options.profile, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(o.b.options.profile, name+".pb.gz"))
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(f, resp.Body)
	return err
}
