package apply

import "time"

// LimitStatements shortens how long a statement may take until the result is
// called.
func LimitStatements(d time.Duration) (restore func()) {
	before := statementLimit
	statementLimit = d
	return func() { statementLimit = before }
}
