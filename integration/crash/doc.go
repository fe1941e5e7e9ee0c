// Package crash breaks a running migration in every way we know: the agent and
// the daemon are killed, at named points and at random moments, stopped for
// longer than the lease, cut off from each other and from the servers; servers
// are killed, full, read-only, failed over. All the while a workload runs in
// which a lost, doubled or reordered change shows. After each fault the run has
// to go on by itself, or to stand in the state the documentation names; both
// sides are then compared row by row by means that are not the program's.
//
// The program is built with the tag fault (package internal/fault). The order
// and the moments of the faults follow from a seed, which every test prints:
// SEED=n repeats it. DURATION=1h lets TestRandom go on for that long (make soak).
package crash
