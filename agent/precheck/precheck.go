package precheck

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cenkalti/backoff/v5"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/schema"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// Object is one selected table or view with its name on the target.
type Object struct {
	Kind    string // "table" or "view"
	Source  schema.ID
	Target  schema.ID
	Engine  string
	Keyless bool
	Locked  bool   // read in one snapshot, for which it is locked for an instant
	Definer string // of a view: user@host, "" if none is named
	Rows    uint64 // estimated
	Bytes   uint64
}

// Env is what checks look at. Source and Target are nil while their server
// cannot be reached; checks that need them are then not run.
type Env struct {
	Spec   spec.Pipeline
	Source *Side
	Target *Side
	// SourceErr and TargetErr say why a side is missing.
	SourceErr, TargetErr error
	Objects              []Object
	// Known are findings of the structure stage: objects it cannot carry.
	Known []run.Finding
	// ServerID is what our binlog reader will call itself.
	ServerID uint32
	// Own reports that the target's objects were made by this run, so their
	// being there is no conflict.
	Own bool
}

// Side is one server.
type Side struct {
	Conn *mysql.Conn
	DB   *sql.DB // text session
}

// NewSide opens a side's pool; the caller closes its DB.
func NewSide(conn *mysql.Conn) (*Side, error) {
	db, err := conn.Open(mysql.Text, 4, mysql.Several())
	if err != nil {
		return nil, err
	}
	return &Side{Conn: conn, DB: db}, nil
}

// needs says which sides a check looks at.
type needs int

const (
	nothing needs = 0
	source  needs = 1 << iota
	target
)

// Check is one rule.
type Check struct {
	ID    string
	Needs needs
	// Skippable checks may be named in check.skip: skipping them cannot lose rows.
	Skippable bool
	Run       func(ctx context.Context, e *Env) ([]run.Finding, error)
}

// IDs lists the checks in the order of the report.
func IDs() []string {
	out := make([]string, len(checks))
	for i, c := range checks {
		out[i] = c.ID
	}
	return out
}

// Run runs all checks side by side and reports every finding, in the order of
// the list. A check that could not look is an error finding, never a pass.
func Run(ctx context.Context, e *Env) *run.CheckReport {
	found := make([][]run.Finding, len(checks))
	var wg sync.WaitGroup
	limit := make(chan struct{}, 4)
	for i, c := range checks {
		wg.Go(func() {
			limit <- struct{}{}
			defer func() { <-limit }()
			found[i] = one(ctx, e, c)
		})
	}
	wg.Wait()
	report := &run.CheckReport{Findings: unknownSkips(e)}
	for _, f := range found {
		report.Findings = append(report.Findings, f...)
	}
	return report
}

// unknownSkips refuses names in check.skip that are no check: a mistyped one
// would skip nothing, or not what was meant.
func unknownSkips(e *Env) []run.Finding {
	out := []run.Finding{}
	for _, id := range e.Spec.Check.Skip {
		if !slices.Contains(IDs(), id) {
			out = append(out, run.Finding{ID: "check-skip", Level: run.LevelError, Object: "check.skip", Found: fmt.Sprintf("there is no check %q", id),
				Why: "a mistyped name does not skip what was meant", Remedy: "the checks are: " + strings.Join(IDs(), ", ")})
		}
	}
	return out
}

func one(ctx context.Context, e *Env, c Check) []run.Finding {
	if slices.Contains(e.Spec.Check.Skip, c.ID) {
		if c.Skippable {
			return []run.Finding{{ID: c.ID, Level: run.LevelSkipped, Found: "skipped by check.skip"}}
		}
		return []run.Finding{{ID: c.ID, Level: run.LevelError, Found: "check.skip names this check", Why: "without it rows could be lost",
			Remedy: "take " + c.ID + " out of check.skip"}}
	}
	if (c.Needs&source != 0 && e.Source == nil) || (c.Needs&target != 0 && e.Target == nil) {
		return []run.Finding{{ID: c.ID, Level: run.LevelSkipped, Found: "not looked at: a server cannot be reached"}}
	}
	f, err := c.run(ctx, e)
	if err != nil {
		return append(f, run.Finding{ID: c.ID, Level: run.LevelError, Found: fmt.Sprintf("the check itself could not look: %v", err),
			Why: "what was not looked at is not known to be right", Remedy: "mend what the error says and check again"})
	}
	for i := range f {
		f[i].ID = c.ID
	}
	if len(f) == 0 {
		f = []run.Finding{{ID: c.ID, Level: run.LevelOK}}
	}
	return f
}

// run looks again when it meets an error that passes, such as a broken link.
func (c Check) run(ctx context.Context, e *Env) ([]run.Finding, error) {
	look := func() ([]run.Finding, error) {
		f, err := c.Run(ctx, e)
		if err != nil && mysql.Classify(err) != mysql.Transient {
			err = backoff.Permanent(err)
		}
		return f, err
	}
	return backoff.Retry(ctx, look, backoff.WithMaxTries(5))
}

// streams reports whether the pipeline reads the source's log.
func (e *Env) streams() bool { return e.Spec.Type != spec.TypeStructure }

// follows reports whether the pipeline goes on after the copy.
func (e *Env) follows() bool {
	return e.Spec.Type == spec.TypeFullIncremental || e.Spec.Type == spec.TypeIncremental
}

// global reads a global variable, "" if the server does not have it.
func (s *Side) global(ctx context.Context, name string) (string, error) {
	var n, v string
	err := s.DB.QueryRowContext(ctx, "SHOW GLOBAL VARIABLES WHERE Variable_name = "+mysql.String(name)).Scan(&n, &v)
	if err == sql.ErrNoRows {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return v, nil
}

// persist is the statement that sets a global variable now and for the next
// start, or, where the flavour cannot, sets it now with the line for my.cnf.
func (s *Side) persist(name, value string) string {
	if s.Conn.Server.Flavor == mysql.MySQL && s.Conn.Server.Major >= 8 {
		return fmt.Sprintf("SET PERSIST %s = %s;", name, value)
	}
	return fmt.Sprintf("SET GLOBAL %s = %s; and in my.cnf under [mysqld]: %s = %s", name, value, name, value)
}
