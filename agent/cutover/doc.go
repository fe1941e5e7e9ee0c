// Package cutover carries out the switch of the business from source to target
// as a stored list of steps.
//
// It promises: every step is idempotent and is noted, durably, before it begins
// and after it has ended; a process that dies in the middle goes on with the
// same list. Until the point of no return a failed step undoes what was done,
// so the source takes writes again. What can neither be finished nor undone is
// reported as unknown: a person must look, and the report says where.
//
// The steps' work (fencing the source, draining the stream, finishing the
// target) is handed in as small functions.
package cutover
