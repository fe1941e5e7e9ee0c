// Package sqltext renders row images of the log into the statements that lanes
// send: INSERT, REPLACE and upsert of many rows, DELETE by key, and the single
// row forms for tables without a usable key.
//
// Statements are for mysql.Raw sessions. Text is appended to the caller's
// buffer straight from the image, so that a row costs no allocation.
package sqltext
