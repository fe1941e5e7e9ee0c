-- A column added with the log off: the next row does not fit and stops the run.
-- paths: stream
-- expect: stops definition_mismatch

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v INT);
INSERT INTO t VALUES (1, 1);

-- workload
SET SESSION sql_log_bin = 0;
ALTER TABLE t ADD COLUMN w INT DEFAULT 3;
SET SESSION sql_log_bin = 1;
INSERT INTO t VALUES (2, 2, 2);
