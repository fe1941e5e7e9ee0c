// Package faultnet is a TCP proxy that misbehaves on demand: it stands between
// a program under test and its database (or daemon) and cuts, stalls, delays or
// swallows what passes.
//
// A fault set on the Proxy holds for all its connections, those open and those
// to come; one set on a Conn holds for that connection alone. Faults that count
// bytes or look for a pattern start counting and looking when they are set.
package faultnet
