package control

// Kind tells callers what sort of refusal an Error is.
type Kind int

// The kinds.
const (
	NotFound Kind = iota + 1
	Invalid       // the request itself is wrong
	Refused       // right, but not now
	Unfit         // no agent can do it
	Unknown       // an agent that has not registered
	Replaced      // an agent whose id another process has taken
	Fenced        // the run is assigned elsewhere
)

// Error refuses a request.
type Error struct {
	Kind    Kind
	Code    string // stable, for scripts
	Message string
	Remedy  string
}

// Error gives the message.
func (e *Error) Error() string { return e.Message }

// Hint gives the remedy.
func (e *Error) Hint() string { return e.Remedy }
