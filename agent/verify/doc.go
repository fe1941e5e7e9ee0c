// Package verify compares source and target while both live: chunk by chunk
// with aggregates computed on the servers, narrowing a differing chunk to its
// keys, and asking again after the applier has caught up until a difference is
// gone or proven. It writes nothing on either side.
//
// What it relies on: sessions with pinned time zone and SQL mode (package
// mysql), and a Drain function that returns once everything the source had
// committed at the call is on the target.
package verify
