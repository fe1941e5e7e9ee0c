package checkpoint

import "context"

// Records are the records of one run by name. In a Save a nil value deletes.
type Records map[string][]byte

// Store keeps records. All methods are safe for concurrent use. A run id has no
// slash; a name may have some.
type Store interface {
	// Save writes the changes in one transaction; when it returns they survive
	// a power cut. Records that are not named stay as they are.
	Save(ctx context.Context, run string, changes Records) error
	// Load returns all records of a run, none if it has none.
	Load(ctx context.Context, run string) (Records, error)
	// Delete forgets a run.
	Delete(ctx context.Context, run string) error
	// Runs lists the runs that have records, sorted.
	Runs(ctx context.Context) ([]string, error)
}
