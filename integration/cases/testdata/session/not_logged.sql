-- What a session does with its log off is not there: the next comparison says so.
-- paths: copy

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v INT);
INSERT INTO t VALUES (1, 1);

-- workload
SET SESSION sql_log_bin = 0;
INSERT INTO t VALUES (2, 2);
ALTER TABLE t ADD COLUMN w INT DEFAULT 3;
