-- A session that leaves blobs out of row images stops the run by name.
-- paths: stream window
-- expect: stops row_image

-- setup
CREATE TABLE t (id INT PRIMARY KEY, a INT, b TEXT);
INSERT INTO t VALUES (1, 1, 'one'), (2, 2, 'two');

-- workload
SET SESSION binlog_row_image = 'NOBLOB';
UPDATE t SET a = 5 WHERE id = 1;
