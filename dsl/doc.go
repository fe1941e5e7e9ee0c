// Package dsl is the pipeline language: it parses, checks, formats and evaluates
// pipeline files (HCL) to the plain values of internal/spec.
//
// What it promises:
//   - No network and no clock: the same files and variables give the same
//     pipelines and the same diagnostics in the same order.
//   - Values come out complete and checked; defaults are filled in, no hcl type
//     leaves the package.
//   - Every error has its place, the lines around it and a remedy, and as many as
//     can be told apart are reported at once.
//   - Nothing that is written is ignored: an unknown or misplaced name is an
//     error, and what the language knows but this version cannot carry out is
//     listed in Pipeline.Unsupported.
//   - Secrets are not shown: passwords and webhooks become references where they
//     can, values from sensitive variables are refused wherever they would be
//     printed, and source lines are masked before they enter a diagnostic.
//
// How it is built: each block type has a file with its schema and its decoder.
// body.go holds a block against its schema, value.go reads single arguments,
// scope.go evaluates expressions, report.go turns hcl's findings into ours.
package dsl
