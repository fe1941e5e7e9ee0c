package run

import "errors"

// Class says what can be done about an error.
type Class string

// The classes of errors that end a run, or make it retry.
const (
	Transient Class = "transient" // retried by itself inside the retry window
	Data      Class = "data"      // a row does not fit: retryable once a person has looked
	Config    Class = "config"    // a setting, privilege or limit: retryable after the remedy
	Fatal     Class = "fatal"     // this run cannot go on; a new one may
)

// Error is why a run stopped or retries.
type Error struct {
	Class   Class  `json:"class"`
	Code    string `json:"code"` // stable, for scripts: "target-exists", "position-purged", ...
	Message string `json:"message"`
	Remedy  string `json:"hint"`
}

// Error gives the message.
func (e *Error) Error() string { return e.Message }

// Hint gives the remedy.
func (e *Error) Hint() string { return e.Remedy }

// Retryable reports whether the operator may ask for a retry.
func (e *Error) Retryable() bool { return e.Class != Fatal }

// AsError finds the Error in err's chain, with the whole chain's text as its
// message, or makes one of an error nobody has classed: retryable, since
// nothing is known against trying again.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	out := Error{Class: Config, Code: "unclassified"}
	if e, ok := errors.AsType[*Error](err); ok {
		out = *e
	}
	out.Message = err.Error()
	var h interface{ Hint() string }
	if out.Remedy == "" && errors.As(err, &h) {
		out.Remedy = h.Hint()
	}
	return &out
}
