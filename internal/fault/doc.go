// Package fault marks the points of the program at which a crash is worth a
// test. In a program built with the tag "fault" the variable TIDEGATE_FAULT
// names one and what happens there; otherwise a point is an empty function that
// the compiler removes.
//
// TIDEGATE_FAULT=point:n kills the process when it comes to the point for the
// nth time, as a lost host would; point:n:panic panics there instead, and
// point:n:4s waits there. Several are separated by commas.
package fault
