// Package random moves databases nobody thought of: schemas, workloads, schema
// changes, settings and moments of SIGKILL all follow from a seed. Package crash
// breaks everything around one known database; this package varies the database.
//
// After each run both sides are read by means of this package's own and compared
// row by row as multisets. README.md beside this package says how to repeat one.
package random
