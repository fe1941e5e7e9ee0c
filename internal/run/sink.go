package run

// Event is something a person may want to know later: a phase that began, a DDL
// that was carried, a conflict that was overwritten.
type Event struct {
	Kind    string `json:"kind"` // short and stable: "ddl", "conflict", "reconnect", ...
	Message string `json:"message"`
}

// Sink takes what a runner has to tell beyond its Status. Both methods return
// at once and are safe for concurrent use. Reports reach the daemon before the
// end of the run that made them does.
type Sink interface {
	Event(Event)
	Report(Report)
}
