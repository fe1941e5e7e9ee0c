-- DML logged as text on a selected table stops the run by name.
-- paths: stream window
-- expect: stops binlog_format

-- setup
CREATE TABLE t (id INT PRIMARY KEY, a INT);
INSERT INTO t VALUES (1, 1), (2, 2);

-- workload
SET SESSION binlog_format = 'STATEMENT';
UPDATE t SET a = a + 1;
