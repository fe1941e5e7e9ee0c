-- DML as text on tables that are not selected disturbs nothing.
-- paths: stream

-- setup
CREATE TABLE t (id INT PRIMARY KEY, a INT);
CREATE TABLE {other}.x (id INT PRIMARY KEY, a INT);
INSERT INTO t VALUES (1, 1);
INSERT INTO {other}.x VALUES (1, 1);

-- workload
SET SESSION binlog_format = 'STATEMENT';
UPDATE {other}.x SET a = a + 1;
USE {other};
INSERT INTO x VALUES (2, 2);
SET SESSION binlog_format = 'ROW';
UPDATE {db}.t SET a = 6;
