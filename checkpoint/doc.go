// Package checkpoint keeps an agent's resume records: named bytes per run,
// saved together or not at all.
//
// The truth about a run is on its target (the ledger). A checkpoint holds the
// same facts and a few more (phase, intents, schema history) for a fast restart
// and for the daemon's copy; where they differ the target is right. Losing a
// checkpoint loses no row.
//
// Records are stored under run/<id>/<name>. Values begin with a version byte,
// written by Encode and checked by Decode.
package checkpoint
