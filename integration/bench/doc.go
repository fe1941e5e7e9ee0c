// Command bench measures the program against what else does the same job, side
// by side on the same private servers: native replication, mydumper and
// myloader, mysqldump, LOAD DATA, and the servers' own limits.
//
//	go run ./integration/bench [-only regexp] [-runs 3] [-scale 1.0] [-out file.json]
//
// Ours is the real program, daemon and agent in processes of their own, driven
// by the command line as an operator does. After every run both sides are
// compared by CHECKSUM TABLE; a difference ends the bench with status 1.
package main
