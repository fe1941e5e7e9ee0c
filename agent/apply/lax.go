package apply

import (
	"context"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// run runs a share's statement. lax is how many of its values only a session
// without strict mode stores; then the mode is off for this statement.
func (l *lane) run(ctx context.Context, t *table, text []byte, lax int) (int64, error) {
	if lax == 0 {
		return l.exec(ctx, text)
	}
	return l.runLax(ctx, t, text, lax)
}

// runLax runs a statement in LaxMode. Nothing may have been warned of but what
// the mode is for.
func (l *lane) runLax(ctx context.Context, t *table, text []byte, lax int) (int64, error) {
	if err := l.execString(ctx, "SET sql_mode = '"+schema.LaxMode+"'"); err != nil {
		return 0, err
	}
	n, err := l.exec(ctx, text)
	if err == nil {
		err = l.onlyLax(ctx, t, lax)
	}
	if back := l.execString(ctx, "SET sql_mode = '"+mysql.SQLMode+"'"); err == nil {
		err = back
	}
	return n, err
}

func (l *lane) onlyLax(ctx context.Context, t *table, lax int) error {
	warnings, err := mysql.Warnings(ctx, l.conn)
	if err != nil {
		return err
	}
	return t.plan.Target.OnlyLax(warnings, lax)
}
