package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/agent/precheck"
	"github.com/tidegate-io/tidegate/agent/snapshot"
	"github.com/tidegate-io/tidegate/agent/structure"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/schema"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// check runs the prechecks and reports them.
func (r *Runner) check(ctx context.Context) error {
	r.set(run.Checking, "check")
	found, err := r.look(ctx)
	if err != nil {
		return err
	}
	r.deps.Sink.Report(run.Report{Kind: run.ReportCheck, Time: time.Now().UTC(), Check: found.report})
	return nil
}

// seen is what looking at both servers found.
type seen struct {
	env    *precheck.Env
	model  *structure.Model
	report *run.CheckReport
}

// lookWindow is how long errors that pass are retried while somebody waits for a
// check or a plan: readers and DDL meet in deadlocks, links break.
const lookWindow = 30 * time.Second

// look reads both servers and runs every check. Nothing is written.
func (r *Runner) look(ctx context.Context) (*seen, error) {
	once := func() (*seen, error) {
		found, err := r.lookOnce(ctx)
		if err != nil && toRunError(err).Class != run.Transient {
			err = backoff.Permanent(err)
		}
		return found, err
	}
	found, err := backoff.Retry(ctx, once, backoff.WithMaxElapsedTime(lookWindow), backoff.WithNotify(func(err error, delay time.Duration) {
		r.log.Warn().Err(err).Dur("retry_in", delay).Msg("looking at the servers failed, trying again")
	}))
	if err == nil || ctx.Err() != nil {
		return found, err
	}
	failure := toRunError(err)
	if failure.Class == run.Transient {
		failure.Remedy = fmt.Sprintf("the error did not pass within %s; mend its cause and ask again", lookWindow)
	}
	return nil, failure
}

func (r *Runner) lookOnce(ctx context.Context) (*seen, error) {
	_, sp, _ := r.wishes()
	e := &precheck.Env{Spec: sp, ServerID: r.task.ServerID}
	out := &seen{env: e}
	var err error
	if e.Source, err = side(ctx, sp.From); err != nil {
		e.SourceErr = err
	} else {
		defer e.Source.DB.Close()
	}
	if e.Target, err = side(ctx, sp.To); err != nil {
		e.TargetErr = err
	} else {
		defer e.Target.DB.Close()
	}
	if e.Target != nil {
		e.Own = r.owns(ctx, e.Target)
	}
	if e.Source != nil {
		// What the account may not read is a finding beside those of the
		// privileges, which name the grant.
		if out.model, err = r.objects(ctx, e); err != nil && mysql.Number(err) != 0 && mysql.Classify(err) == mysql.Config {
			e.Known = append(e.Known, run.Finding{ID: "unsupported-now", Level: run.LevelError, Object: "source", Found: err.Error(),
				Why: "what cannot be read cannot be moved", Remedy: toRunError(err).Remedy})
		} else if err != nil {
			return nil, err
		}
	}
	out.report = precheck.Run(ctx, e)
	return out, ctx.Err()
}

func side(ctx context.Context, ep spec.Endpoint) (*precheck.Side, error) {
	conn, err := mysql.Dial(ctx, ep)
	if err != nil {
		return nil, err
	}
	return precheck.NewSide(conn)
}

// owns reports whether this run has begun on the target already.
func (r *Runner) owns(ctx context.Context, target *precheck.Side) bool {
	var n int
	err := target.DB.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+mysql.Table(ledger.Schema, "run")+" WHERE run = ?", r.task.Run).Scan(&n)
	return err == nil && n == 1
}

// objects reads what is selected, with what of it cannot be carried.
func (r *Runner) objects(ctx context.Context, e *precheck.Env) (*structure.Model, error) {
	target := e.Source.Conn.Server // until it is known: the same
	if e.Target != nil {
		target = e.Target.Conn.Server
	}
	sel := structure.NewSelection(e.Spec.Objects, e.Source.Conn.Server, target)
	model, err := structure.Read(ctx, e.Source.DB, e.Source.Conn.Server, sel)
	if err != nil {
		return nil, err
	}
	for _, t := range model.Tables {
		schemaName, name, _ := sel.Match(t.ID().Schema, t.ID().Name)
		e.Objects = append(e.Objects, precheck.Object{Kind: "table", Source: t.ID(), Target: schema.ID{Schema: schemaName, Name: name},
			Engine: t.Definition.Engine, Keyless: t.Keyless, Locked: t.Keyless, Rows: t.Rows, Bytes: t.Bytes})
	}
	for _, v := range model.Views {
		schemaName, name, _ := sel.Match(v.ID.Schema, v.ID.Name)
		e.Objects = append(e.Objects, precheck.Object{Kind: "view", Definer: v.Definer(), Source: v.ID, Target: schema.ID{Schema: schemaName, Name: name}})
	}
	e.Known = append(e.Known, findings(model.Others)...)
	if e.Spec.Type != spec.TypeStructure {
		if err := relatives(ctx, e, model, sel); err != nil {
			return nil, err
		}
	}
	if len(model.Tables) == 0 {
		e.Known = append(e.Known, run.Finding{Level: run.LevelError, Object: "objects", Found: "the pipeline selects no table", Why: "there would be nothing to move",
			Remedy: "check the names in the objects block, and that the account may see them: SHOW TABLES"})
	}
	if e.Target == nil {
		return model, nil
	}
	facts, err := structure.ReadFacts(ctx, e.Target.DB, target)
	if err != nil {
		return nil, err
	}
	unsupported, err := (&structure.Carrier{Selection: sel, Source: e.Source.Conn.Server, Target: target, Facts: facts}).Unsupported(model)
	if err != nil {
		return nil, err
	}
	e.Known = append(e.Known, findings(unsupported)...)
	return model, nil
}

func findings(all []structure.Finding) []run.Finding {
	out := make([]run.Finding, 0, len(all))
	for _, f := range all {
		level := run.LevelWarning
		if f.Fatal {
			level = run.LevelError
		}
		out = append(out, run.Finding{ID: "unsupported-now", Level: level, Object: f.Object, Found: f.Reason, Remedy: f.Remedy})
	}
	return out
}

// relatives reads the tables that are not selected and whose foreign keys change
// selected rows, and names those that have to be selected. It notes which tables
// are read in one snapshot.
func relatives(ctx context.Context, e *precheck.Env, model *structure.Model, sel *structure.Selection) error {
	if err := model.ReadParents(ctx, e.Source.DB, sel); err != nil {
		return err
	}
	logged, err := cascadesLogged(ctx, e.Source.Conn.Server, e.Source.DB)
	if err != nil || logged {
		return err
	}
	e.Known = append(e.Known, findings(model.NeedsRows())...)
	defs := make([]*schema.Table, len(model.Tables))
	for i, t := range model.Tables {
		defs[i] = t.Definition
	}
	for _, group := range snapshot.Groups(defs) {
		for _, i := range group { // e.Objects begins with the tables, in this order
			e.Objects[i].Locked = true
		}
	}
	return nil
}
