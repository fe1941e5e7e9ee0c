// Package literal reads the small notations that pipeline files write as
// strings: sizes, rates, durations, addresses, log positions, names, patterns.
//
// It knows neither hcl nor the pipeline's types. Its errors are the end of a
// sentence that begins with the value ("has no unit; write …") and never repeat
// the value, because only the caller knows whether it may be shown.
package literal
