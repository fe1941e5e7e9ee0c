-- Such a session that writes to tables nobody selected disturbs nothing.
-- paths: stream

-- setup
CREATE TABLE t (id INT PRIMARY KEY, a INT, b TEXT);
CREATE TABLE {other}.x (id INT PRIMARY KEY, a INT, b TEXT);
INSERT INTO t VALUES (1, 1, 'one');
INSERT INTO {other}.x VALUES (1, 1, 'one');

-- workload
SET SESSION binlog_row_image = 'MINIMAL';
UPDATE {other}.x SET a = 5 WHERE id = 1;
SET SESSION binlog_row_image = 'FULL';
UPDATE t SET a = 6;
