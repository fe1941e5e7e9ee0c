package ledger

import (
	"context"
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// definitions are the control tables. Names are VARBINARY, so that neither case
// nor accents can merge two of them; InnoDB is named, because everything here
// depends on rolling back with the rows.
var definitions = []string{
	"CREATE DATABASE IF NOT EXISTS `_tidegate`",

	// run: one row per run. Locked FOR SHARE by every chunk write.
	"CREATE TABLE IF NOT EXISTS `_tidegate`.`run` (" +
		" run VARBINARY(64) NOT NULL PRIMARY KEY," +
		" pipeline VARBINARY(255) NOT NULL," +
		" epoch BIGINT UNSIGNED NOT NULL," +
		" phase VARBINARY(32) NOT NULL," + // the last phase that was begun
		" start_pos LONGBLOB NOT NULL," + // change.Position, recorded before anything is read
		" lanes INT NOT NULL," + // lanes of the ledger rows
		" config LONGBLOB NOT NULL," + // what the partition of batches depends on
		" config_hash VARBINARY(64) NOT NULL" +
		") ENGINE=InnoDB",

	// ledger: one row per lane. from_pos and to_pos bound the lane's last batch.
	"CREATE TABLE IF NOT EXISTS `_tidegate`.`ledger` (" +
		" run VARBINARY(64) NOT NULL," +
		" lane INT NOT NULL," +
		" epoch BIGINT UNSIGNED NOT NULL," +
		" batch BIGINT UNSIGNED NOT NULL," +
		" from_pos LONGBLOB NOT NULL," +
		" to_pos LONGBLOB NOT NULL," +
		" PRIMARY KEY (run, lane)" +
		") ENGINE=InnoDB",

	// table: one row per source table, also those that came by DDL.
	"CREATE TABLE IF NOT EXISTS `_tidegate`.`table` (" +
		" run VARBINARY(64) NOT NULL," +
		" id INT NOT NULL," + // short name of the table in chunk and debt
		" source_schema VARBINARY(255) NOT NULL," +
		" source_name VARBINARY(255) NOT NULL," +
		" target_schema VARBINARY(255) NOT NULL," +
		" target_name VARBINARY(255) NOT NULL," +
		" definition LONGBLOB NOT NULL," + // schema.Table as JSON: the source definition at the applied position
		" state VARBINARY(16) NOT NULL," + // see TableState
		" exact_pos LONGBLOB NOT NULL," + // position of an exact copy, else empty
		" left_out LONGBLOB NOT NULL," + // indexes still to be built: JSON list of ALTER clauses
		" rows_estimated BIGINT UNSIGNED NOT NULL DEFAULT 0," +
		" PRIMARY KEY (run, id), UNIQUE KEY source (run, source_schema, source_name)" +
		") ENGINE=InnoDB",

	// chunk: a range of a table's key. It is written with state 'handed' before
	// its SELECT, and set to 'done' in the transaction that writes its rows.
	"CREATE TABLE IF NOT EXISTS `_tidegate`.`chunk` (" +
		" run VARBINARY(64) NOT NULL," +
		" tbl INT NOT NULL," +
		" seq BIGINT UNSIGNED NOT NULL," + // ranges follow each other in key order
		" lower_bound LONGBLOB NULL," + // JSON list of SQL literals, exclusive; NULL: from the start
		" upper_bound LONGBLOB NULL," + // inclusive; NULL: to the end
		" state VARBINARY(8) NOT NULL," +
		" high_pos LONGBLOB NOT NULL," + // executed-set text of the high mark, once done
		" row_count BIGINT UNSIGNED NOT NULL," +
		" byte_count BIGINT UNSIGNED NOT NULL," +
		" PRIMARY KEY (run, tbl, seq)" +
		") ENGINE=InnoDB",

	// debt: a row that a chunk's REPLACE removed and that an event must restore.
	"CREATE TABLE IF NOT EXISTS `_tidegate`.`debt` (" +
		" run VARBINARY(64) NOT NULL," +
		" tbl INT NOT NULL," +
		" row_key VARBINARY(255) NOT NULL," + // SHA-256 of the row key's literals
		" literals LONGBLOB NOT NULL," + // JSON: the key's SQL literals, and of what they are
		" PRIMARY KEY (run, tbl, row_key)" +
		") ENGINE=InnoDB",

	// intent: a DDL between its intent and its end.
	"CREATE TABLE IF NOT EXISTS `_tidegate`.`intent` (" +
		" run VARBINARY(64) NOT NULL," +
		" seq BIGINT UNSIGNED NOT NULL," + // batch number of the DDL's barrier
		" step INT NOT NULL," + // multi-object statements go in single steps
		" statement LONGBLOB NOT NULL," +
		" objects LONGBLOB NOT NULL," + // JSON: fingerprint and identity of each object before
		" done TINYINT NOT NULL," +
		" PRIMARY KEY (run, seq, step)" +
		") ENGINE=InnoDB",
}

// Create makes the control tables where they are missing, in one round trip: db has
// sessions that take several statements (mysql.Several).
func Create(ctx context.Context, db mysql.Execer) error {
	if _, err := db.ExecContext(ctx, strings.Join(definitions, ";\n")); err != nil {
		return fmt.Errorf("create control tables on the target: %w", err)
	}
	return nil
}
