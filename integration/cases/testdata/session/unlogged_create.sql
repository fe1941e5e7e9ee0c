-- A table made with the log off: its next row is of no table that the run knows, and stops it.
-- paths: stream
-- expect: stops unknown_table

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v INT);

-- workload
SET SESSION sql_log_bin = 0;
CREATE TABLE made (id INT PRIMARY KEY, v INT);
INSERT INTO made VALUES (1, 1);
SET SESSION sql_log_bin = 1;
INSERT INTO made VALUES (2, 2);
