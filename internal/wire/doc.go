// Package wire turns what is said about a run (internal/run) into the messages
// of api/tidegate/v1 and back. Both sides of the API use it, and nothing else
// knows both forms.
package wire
