package precheck

import (
	"context"
	"fmt"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
)

// version: the pair is one we know.
var version = Check{ID: "version", Needs: source | target, Run: func(_ context.Context, e *Env) ([]run.Finding, error) {
	var out []run.Finding
	for _, s := range []struct {
		name string
		side *Side
	}{{"source", e.Source}, {"target", e.Target}} {
		v := s.side.Conn.Server
		switch {
		case v.Flavor == mysql.MySQL && !v.AtLeast(5, 7, 0), v.Flavor == mysql.MariaDB && !v.AtLeast(10, 5, 0):
			out = append(out, run.Finding{Level: run.LevelError, Object: s.name, Found: v.String(),
				Why: "its log and catalogue lack what an exact copy needs", Remedy: "upgrade to MySQL 5.7, MariaDB 10.5 or newer first"})
		case v.Flavor == mysql.MySQL && (v.Major != 9 || v.Minor > 7), v.Flavor == mysql.MariaDB && (!v.AtLeast(10, 11, 0) || v.AtLeast(11, 9, 0)):
			out = append(out, run.Finding{Level: run.LevelWarning, Object: s.name, Found: v.String(),
				Why: "this version is not among those tidegate is tested with", Remedy: "rehearse with a copy of the data, and verify"})
		}
	}
	src, dst := e.Source.Conn.Server, e.Target.Conn.Server
	if src.Flavor == dst.Flavor && (src.Major > dst.Major || src.Major == dst.Major && src.Minor > dst.Minor) {
		out = append(out, run.Finding{Level: run.LevelError, Object: "target", Found: fmt.Sprintf("%s is older than the source, %s", dst, src),
			Why: "definitions and values of the newer version may have no form in the older", Remedy: "choose a target that is not older"})
	}
	if src.Flavor != dst.Flavor {
		out = append(out, run.Finding{Level: run.LevelInfo, Object: "target", Found: fmt.Sprintf("%s to %s", src, dst),
			Why: "collations and some types are mapped; the plan lists each object that changes"})
	}
	return out, nil
}}
