-- Sessions that log their statements beside the rows.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(50));
INSERT INTO t VALUES (1, 'a');

-- workload
-- on mysql
SET SESSION binlog_rows_query_log_events = ON;
-- on mariadb
SET SESSION binlog_annotate_row_events = ON;
-- on any
INSERT INTO t VALUES (2, 'DROP TABLE t; -- 😀');
BEGIN;
UPDATE t SET v = CONCAT(v, '\\') WHERE id = 1;
DELETE FROM t WHERE id = 2;
COMMIT;
