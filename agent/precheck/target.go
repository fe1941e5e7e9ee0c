package precheck

import (
	"context"
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/schema"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// targetConflicts: nothing of the same name is in the way, and no two objects
// land on one name.
var targetConflicts = Check{ID: "target-conflicts", Needs: target, Run: func(ctx context.Context, e *Env) ([]run.Finding, error) {
	if e.Own || e.Spec.Type == spec.TypeIncremental {
		return nil, nil
	}
	there, err := existing(ctx, e)
	if err != nil {
		return nil, err
	}
	fold := func(id schema.ID) schema.ID {
		if e.Target.Conn.Server.LowerCase != 0 {
			return schema.ID{Schema: strings.ToLower(id.Schema), Name: strings.ToLower(id.Name)}
		}
		return id
	}
	var out []run.Finding
	taken := map[schema.ID]schema.ID{}
	for _, o := range e.Objects {
		id := fold(o.Target)
		if kind, ok := there[id]; ok {
			out = append(out, run.Finding{Level: run.LevelError, Object: o.Target.String(), Found: fmt.Sprintf("a %s of this name is on the target", kind),
				Why: "its rows would mix with those of the source",
				Remedy: fmt.Sprintf("on the target: RENAME TABLE %s TO %s; (or drop that %s, if nobody needs it), or give it another name by rename in the pipeline file",
					mysql.Table(o.Target.Schema, o.Target.Name), mysql.Table(o.Target.Schema, strings.ToValidUTF8(o.Target.Name[:min(len(o.Target.Name), 57)], "")+"_before"), kind)})
		}
		if other, ok := taken[id]; ok {
			out = append(out, run.Finding{Level: run.LevelError, Object: o.Target.String(), Found: fmt.Sprintf("%s and %s both get this name", other, o.Source),
				Why: "their rows would mix", Remedy: "rename one of them in the pipeline file"})
		}
		taken[id] = o.Source
	}
	return out, nil
}}

// existing lists the tables and views in the target databases.
func existing(ctx context.Context, e *Env) (map[schema.ID]string, error) {
	out := map[schema.ID]string{}
	for _, s := range e.schemas(func(o Object) string { return o.Target.Schema }) {
		rows, err := e.Target.DB.QueryContext(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?", s)
		if err != nil {
			return nil, fmt.Errorf("list what is on the target: %w", err)
		}
		for rows.Next() {
			var id schema.ID
			var kind string
			if err := rows.Scan(&id.Schema, &id.Name, &kind); err != nil {
				rows.Close()
				return nil, err
			}
			if e.Target.Conn.Server.LowerCase != 0 {
				id = schema.ID{Schema: strings.ToLower(id.Schema), Name: strings.ToLower(id.Name)}
			}
			out[id] = "table"
			if strings.Contains(kind, "VIEW") {
				out[id] = "view"
			}
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// primaryKeys: tables without a key are named, with what they cost.
var primaryKeys = Check{ID: "primary-keys", Needs: nothing, Skippable: true, Run: func(_ context.Context, e *Env) ([]run.Finding, error) {
	var out []run.Finding
	for _, o := range e.Objects {
		if o.Keyless {
			out = append(out, run.Finding{Level: run.LevelWarning, Object: o.Source.String(), Found: "no primary key and no unique key over NOT NULL columns",
				Why:    "its rows are found by reading the table and comparing every column, up to 1,000 of them at a time; it is copied in one piece while the stream waits, and from the start again if that is interrupted",
				Remedy: fmt.Sprintf("ALTER TABLE %s ADD COLUMN id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY; before the run, if the table is large or often written", mysql.Table(o.Source.Schema, o.Source.Name))})
		}
	}
	return out, nil
}}

// lowerCaseTableNames: names mean the same on both sides.
var lowerCaseTableNames = Check{ID: "lower-case-table-names", Needs: source | target, Run: func(_ context.Context, e *Env) ([]run.Finding, error) {
	s, t := e.Source.Conn.Server.LowerCase, e.Target.Conn.Server.LowerCase
	if s == t {
		return nil, nil
	}
	return []run.Finding{{Level: run.LevelWarning, Object: "target", Found: fmt.Sprintf("lower_case_table_names is %d on the source and %d on the target", s, t),
		Why: "names that differ only by case are one name on one side; target-conflicts lists those that meet", Remedy: "set it alike when the target's data directory is initialised"}}, nil
}}

// maxAllowedPacket: the target takes a row as large as the source's.
var maxAllowedPacket = Check{ID: "max-allowed-packet", Needs: source | target, Skippable: true, Run: func(_ context.Context, e *Env) ([]run.Finding, error) {
	s, t := e.Source.Conn.Server.MaxPacket, e.Target.Conn.Server.MaxPacket
	if t >= s {
		return nil, nil
	}
	return []run.Finding{{Level: run.LevelWarning, Object: "target", Found: fmt.Sprintf("max_allowed_packet is %d, on the source %d", t, s),
		Why: "a row the source could store may be too large for the target", Remedy: e.Target.persist("max_allowed_packet", fmt.Sprint(s))}}, nil
}}

// ledgerOwner: no other live run writes to the same target objects.
var ledgerOwner = Check{ID: "ledger", Needs: target, Run: func(ctx context.Context, e *Env) ([]run.Finding, error) {
	if e.Own {
		return nil, nil
	}
	rows, err := e.Target.DB.QueryContext(ctx, "SELECT t.target_schema, t.target_name, r.pipeline, r.run FROM `_tidegate`.`table` t JOIN `_tidegate`.`run` r ON r.run = t.run")
	if err != nil {
		if n := mysql.Number(err); n == 1146 || n == 1049 || n == 1142 || n == 1044 { // not there yet, or target-privileges names what is missing
			return nil, nil
		}
		return nil, fmt.Errorf("read the control tables: %w", err)
	}
	defer rows.Close()
	wanted := map[schema.ID]bool{}
	for _, o := range e.Objects {
		wanted[o.Target] = true
	}
	var out []run.Finding
	for rows.Next() {
		var id schema.ID
		var pipeline, owner string
		if err := rows.Scan(&id.Schema, &id.Name, &pipeline, &owner); err != nil {
			return nil, err
		}
		if wanted[id] {
			out = append(out, run.Finding{Level: run.LevelError, Object: id.String(), Found: fmt.Sprintf("pipeline %q has a run that writes this table", pipeline),
				Why: "two runs on one table undo each other", Remedy: fmt.Sprintf("stop that run first: tidegate stop %s (what is left of a run that is there no more: DELETE FROM `_tidegate`.`run` WHERE run = %s;)", pipeline, mysql.String(owner))})
		}
	}
	return out, rows.Err()
}}
