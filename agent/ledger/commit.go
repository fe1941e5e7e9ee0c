package ledger

import (
	"fmt"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// rolledBack are the numbers with which a server says that COMMIT did not
// happen: lock wait, deadlock, error during commit, and refused certification.
// Any other answer, like none, leaves it open.
var rolledBack = map[uint16]bool{1180: true, 1205: true, 1213: true, 3101: true}

// CommitError marks a failed COMMIT whose outcome is not known with
// mysql.ErrOutcomeUnknown. Fence and read the ledger before anything is done
// again.
func CommitError(err error) error {
	if err == nil || rolledBack[mysql.Number(err)] {
		return err
	}
	return fmt.Errorf("%w: %w", mysql.ErrOutcomeUnknown, err)
}
