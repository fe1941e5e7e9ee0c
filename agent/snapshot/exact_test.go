package snapshot

import (
	"context"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// TestStaleSnapshotIsTakenAgain: a snapshot whose position is older than what
// may have been applied is given up, and the table is read in another one.
func TestStaleSnapshotIsTakenAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("needs servers")
	}
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			r := newRig(t, dbtest.Config{Flavor: flavor, ServerID: 11}, dbtest.Config{Flavor: flavor, ServerID: 22})
			r.create("CREATE TABLE {}.loose (a INT, b VARCHAR(20))")
			r.exec(r.src, "INSERT INTO {}.loose VALUES (1,'x'),(1,'x'),(NULL,NULL)")
			r.register("loose")
			r.begin()
			c := r.copier()
			r.gate.Hold(true) // as if more had been taken, whatever the snapshot's position
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- c.Run(ctx) }()
			time.Sleep(300 * time.Millisecond)
			r.gate.Hold(false)
			if err := <-ended; err != nil {
				t.Fatalf("the copy did not go on: %v", err)
			}
			r.equal("loose")
		})
	}
}
