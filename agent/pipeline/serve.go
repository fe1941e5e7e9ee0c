package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidegate-io/tidegate/agent/cutover"
	"github.com/tidegate-io/tidegate/agent/verify"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/guard"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// serve carries out what the operator asks of a live run.
func (s *session) serve(ctx context.Context) error {
	if !s.follows() {
		return nil
	}
	g, ctx := guard.WithContext(ctx)
	g.Go(func() error { return s.serveVerify(ctx) })
	g.Go(func() error { return s.serveEnd(ctx) })
	g.Go(func() error { return s.serveRetune(ctx) })
	return g.Wait()
}

// awaitCopied waits until rows and indexes are on the target.
func (s *session) awaitCopied(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.copied:
		return nil
	}
}

// serveEnd completes or cuts over when it is asked to.
func (s *session) serveEnd(ctx context.Context) error {
	for {
		w, _, changed := s.r.wishes()
		if w.complete || w.cutover != "" {
			if err := s.awaitCopied(ctx); err != nil {
				return err
			}
		}
		switch {
		case w.complete:
			s.r.set(run.Completing, "complete")
			if err := s.drain(ctx); err != nil {
				return err
			}
			if s.errEntering() != nil { // the next session copies them, and completes
				<-ctx.Done()
				return context.Cause(ctx)
			}
			return s.finish(ctx)
		case w.cutover != "" && w.cutover != s.r.gaveUp():
			if err := s.cutover(ctx, w.cutover); err != nil {
				return err
			}
			continue
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

// serveVerify compares both sides each time it is asked to, and by itself when
// the pipeline says so.
func (s *session) serveVerify(ctx context.Context) error {
	if err := s.awaitCopied(ctx); err != nil {
		return err
	}
	if s.spec.Verify.When == "caught_up" {
		if err := s.awaitCaughtUp(ctx); err != nil {
			return err
		}
		if err := s.verifyOnce(ctx, ""); err != nil {
			return err
		}
	}
	for {
		_, _, changed := s.r.wishes()
		if id := s.r.takeVerify(); id != "" {
			if err := s.verifyOnce(ctx, id); err != nil {
				return err
			}
			continue
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

func (s *session) awaitCaughtUp(ctx context.Context) error {
	for s.r.state() != run.CaughtUp {
		if err := sleep(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// verifyOnce compares and reports. What keeps the comparison from its end is
// part of the report; only the run's own end is an error.
func (s *session) verifyOnce(ctx context.Context, id string) error {
	v := s.spec.Verify
	began := time.Now().UTC()
	if err := s.errEntering(); err != nil {
		s.r.deps.Sink.Report(run.Report{Kind: run.ReportVerify, ID: id, Time: time.Now().UTC(),
			Verify: &run.VerifyReport{Started: began, Finished: began, Tables: []run.VerifyTable{}, Error: toRunError(err)}})
		return nil
	}
	var report *run.VerifyReport
	tables, err := s.verified()
	if err == nil {
		report, err = verify.New(verify.Config{Method: v.Method, Threads: v.Threads},
			verify.Deps{Source: s.src, Target: s.dst, Drain: s.drain, Renew: s.renewed, Log: s.r.log}).Run(ctx, tables)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		report = &run.VerifyReport{Started: began, Finished: time.Now().UTC(), Tables: []run.VerifyTable{}, Error: toRunError(err)}
	}
	s.r.deps.Sink.Report(run.Report{Kind: run.ReportVerify, ID: id, Time: time.Now().UTC(), Verify: report})
	return nil
}

// verified lists the tables verify.tables names, all without it.
func (s *session) verified() ([]verify.Table, error) {
	all, err := s.catalog.pairs()
	if err != nil || len(s.spec.Verify.Tables) == 0 {
		return all, err
	}
	var out []verify.Table
	for _, t := range all {
		for _, p := range s.spec.Verify.Tables {
			if spec.MatchPattern(p, t.Source.ID().String()) {
				out = append(out, t)
				break
			}
		}
	}
	return out, nil
}

// renewed is a compared table as the statements left it that were applied
// meanwhile.
func (s *session) renewed(ctx context.Context, t verify.Table) (verify.Table, bool, error) {
	if err := s.drain(ctx); err != nil {
		return t, false, err
	}
	if err := s.errEntering(); err != nil {
		return t, false, err
	}
	return s.catalog.pair(t.ID)
}

// serveRetune lets changed rates and lanes take effect without a restart.
func (s *session) serveRetune(ctx context.Context) error {
	w, _, _ := s.r.wishes()
	seen := w.retuned
	for {
		w, sp, changed := s.r.wishes()
		if w.retuned != seen {
			seen = w.retuned
			s.copier.SetRate(sp.Copy.MaxRate, sp.Copy.MaxRows)
			if sp.Apply.Lanes != s.spec.Apply.Lanes {
				s.spec.Apply.Lanes = sp.Apply.Lanes
				config, hash := s.config()
				if err := s.applier.Retune(ctx, sp.Apply.Lanes, config, hash); err != nil {
					return err
				}
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

// cutover carries the switch out. Done, it ends the run; given up, the run goes
// on as before.
func (s *session) cutover(ctx context.Context, id string) error {
	c := s.spec.Cutover
	fence := &cutover.Fence{Conn: s.src, DB: s.srcDB}
	steps := []cutover.Step{{Name: "wait until caught up", Do: func(ctx context.Context) error {
		// A fence that is not ours must not be released when we give up.
		if on, err := fence.Stopped(ctx); c.FenceSource && (err != nil || on) {
			return errors.Join(err, errors.New("the source is read-only already: SET GLOBAL read_only = OFF there, or set cutover.fence_source to false"))
		}
		return s.hold(ctx, c.Hold)
	}}}
	if c.FenceSource {
		steps = append(steps, cutover.Step{Name: "stop writes on the source", Do: fence.Stop, Undo: fence.Release, Stops: true})
	} else {
		steps = append(steps, cutover.Step{Name: "wait until nobody writes to the source", Do: func(ctx context.Context) error { return s.quiet(ctx, c.Hold) }, Stops: true})
	}
	steps = append(steps,
		cutover.Step{Name: "apply the last changes", Do: func(ctx context.Context) error { return s.lastChanges(ctx, fence, c.FenceSource) }},
		cutover.Step{Name: "finish the target", Do: func(ctx context.Context) error {
			if err := s.finishTarget(ctx); err != nil {
				return err
			}
			return s.lastLook(ctx, fence, c.FenceSource)
		}},
	)
	s.r.set(run.CuttingOver, "cutover")
	report, err := (&cutover.Switch{ID: id, Steps: steps, Timeout: c.Timeout, Store: s.r, Now: func() time.Time { return time.Now().UTC() }}).Run(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p := s.applier.Frontier()
	report.Position = run.Position{GTID: p.GTID, File: p.File, Offset: p.Offset}
	s.r.deps.Sink.Report(run.Report{Kind: run.ReportCutover, ID: id, Time: time.Now().UTC(), Cutover: report})
	switch report.Outcome {
	case run.CutoverDone:
		return s.finish(ctx)
	case run.CutoverUnknown:
		return &mysql.Error{Class: mysql.Config, Code: "cutover_unknown", Err: fmt.Errorf("cutover: %w", err),
			Remedy: "look whether the source is read-only and whether the applications write to it; the report names the step. Then retry"}
	}
	s.r.giveUp(id)
	s.r.log.Warn().Err(err).Msg("cutover given up, everything is as before")
	s.r.set(run.CatchingUp, "apply")
	return nil
}

// hold waits until nothing has been behind for some time.
func (s *session) hold(ctx context.Context, hold time.Duration) error {
	since := time.Now()
	prepared := map[string]time.Time{}
	for {
		executed, err := s.source.Logged(ctx)
		if err != nil {
			return err
		}
		waitCtx, cancel := context.WithTimeout(ctx, caughtUpLag)
		err = s.applier.WaitFor(waitCtx, executed)
		late := waitCtx.Err() != nil && ctx.Err() == nil
		cancel()
		switch {
		case late || s.errEntering() != nil: // it fell behind: the time begins anew
			since = time.Now()
			if err := s.errPrepared(ctx, prepared); err != nil {
				return err
			}
		case err != nil:
			return err
		case time.Since(since) >= hold:
			return nil
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// preparedLimit is how long an XA transaction may stay prepared before a cutover
// does not wait for it any more: what is prepared is not applied, so the target
// stays behind until somebody decides.
const preparedLimit = 5 * time.Second

// errPrepared names an XA transaction that has been prepared at every look for
// some time. since says when each was seen first.
func (s *session) errPrepared(ctx context.Context, since map[string]time.Time) error {
	now, err := s.source.PreparedXA(ctx)
	if err != nil {
		return ignoreDenied(err)
	}
	for xid := range since {
		if !slices.Contains(now, xid) {
			delete(since, xid)
		}
	}
	for _, xid := range now {
		first, seen := since[xid]
		if !seen {
			since[xid] = time.Now()
		} else if time.Since(first) > preparedLimit {
			return fmt.Errorf("XA transaction %s has been prepared on the source for %s, so the target cannot catch up: XA COMMIT or XA ROLLBACK it there", xid, time.Since(first).Round(time.Second))
		}
	}
	return nil
}

// ignoreDenied drops the error of an account that may not list XA transactions,
// of which the check has warned.
func ignoreDenied(err error) error {
	if mysql.Classify(err) == mysql.Config {
		return nil
	}
	return err
}

// quiet waits until the source's position has not moved for some time.
func (s *session) quiet(ctx context.Context, hold time.Duration) error {
	last, err := s.source.Logged(ctx)
	if err != nil {
		return err
	}
	for since := time.Now(); time.Since(since) < hold; {
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
		now, err := s.source.Logged(ctx)
		if err != nil {
			return err
		}
		if !now.Equal(last) {
			last, since = now, time.Now()
		}
	}
	return nil
}

// lastChanges brings what was committed before the fence to the target, and
// makes sure that nothing follows.
func (s *session) lastChanges(ctx context.Context, fence *cutover.Fence, fenced bool) error {
	if err := s.openMemoryTables(ctx); err != nil {
		return err
	}
	prepared, err := s.source.PreparedXA(ctx)
	if err := ignoreDenied(err); err != nil {
		return err
	}
	if len(prepared) > 0 {
		return fmt.Errorf("XA transaction %s is prepared on the source and could be committed after the switch", prepared[0])
	}
	before, err := s.source.Logged(ctx)
	if err != nil {
		return err
	}
	if err := s.applier.WaitFor(ctx, before); err != nil {
		return err
	}
	if err := s.errEntering(); err != nil {
		return err
	}
	if err := stands(ctx, fence, fenced); err != nil {
		return err
	}
	return s.silent(ctx, before, fenced)
}

// openMemoryTables opens the source's MEMORY tables. After a restart a server
// empties one when it is first opened, and logs that even while it is read-only:
// it has to happen before the log's end is read for the last time.
func (s *session) openMemoryTables(ctx context.Context) error {
	for _, r := range s.catalog.rows() {
		if !strings.EqualFold(r.Definition.Engine, "MEMORY") {
			continue
		}
		rows, err := s.srcDB.QueryContext(ctx, "SELECT 1 FROM "+mysql.Table(r.Source.Schema, r.Source.Name)+" LIMIT 1")
		if err != nil {
			return fmt.Errorf("open %s on the source: %w", r.Source, err)
		}
		if err := rows.Close(); err != nil {
			return fmt.Errorf("open %s on the source: %w", r.Source, err)
		}
	}
	return nil
}

// stands is an error if the fence is gone.
func stands(ctx context.Context, fence *cutover.Fence, fenced bool) error {
	if !fenced {
		return nil
	}
	if on, err := fence.Stopped(ctx); err != nil || !on {
		return errors.Join(err, errors.New("the source is not read-only any more: it was restarted, or somebody released it"))
	}
	return nil
}

// lastLook makes sure that nothing was written while the target was finished,
// which may have had to wait.
func (s *session) lastLook(ctx context.Context, fence *cutover.Fence, fenced bool) error {
	if err := stands(ctx, fence, fenced); err != nil {
		return err
	}
	now, err := s.source.Logged(ctx)
	if err != nil {
		return err
	}
	if !s.applier.Applied(now) {
		return errors.New("something was written to the source while the target was finished: begin the cutover again")
	}
	return nil
}

// fenceWatch is how long a fenced MariaDB is watched for writers that its
// read_only does not stop (READ ONLY ADMIN). MySQL's super_read_only stops
// everybody at once, so one look is enough there.
const fenceWatch = time.Second

// silent makes sure that the source stays where it was, looking until a writer
// between two of its transactions would have been seen.
func (s *session) silent(ctx context.Context, before *change.Set, fenced bool) error {
	until := time.Now()
	if fenced && s.src.Server.Flavor == mysql.MariaDB {
		until = until.Add(fenceWatch)
	}
	for {
		now, err := s.source.Logged(ctx)
		if err != nil {
			return err
		}
		if !now.Equal(before) {
			return fmt.Errorf("somebody still writes to the source (%s): an account that passes read_only, or an application that was not stopped", now.Minus(before))
		}
		if !time.Now().Before(until) {
			return nil
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}
