// Package control decides what shall happen to pipelines: it owns the state
// machine of runs, gives runs to agents by labels and capacity, and takes them
// back when an agent's lease ends.
//
// Every change is stored before it is acted on or shown, so a restart at any
// point continues where it was. An assignment (run, epoch, agent process) never
// changes: a retry, a lost agent or a new process of the same agent each make a
// new one with a higher epoch, which fences whoever had the run before.
//
// An agent that is out of touch keeps its runs until another fitting agent can
// take them; if there is none, nothing is gained by taking them away.
package control
