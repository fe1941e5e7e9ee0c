-- Indexes built after the rows, over columns that strict mode does not compute.
-- paths: copy
-- pipeline: copy { defer_index = true }
-- expect: equal

-- setup
CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(20), n INT GENERATED ALWAYS AS (s) VIRTUAL, k TINYINT GENERATED ALWAYS AS (id * 100) VIRTUAL, KEY kn (n), KEY kk (k));
-- on mysql
CREATE TABLE dated (id INT PRIMARY KEY, s VARCHAR(20), v DATETIME GENERATED ALWAYS AS (s) VIRTUAL, KEY kv (v));
CREATE TABLE functional (id INT PRIMARY KEY, s VARCHAR(20), KEY ks ((CAST(s AS UNSIGNED))), KEY kt ((CAST(s AS CHAR(2)))));
-- on any

-- workload
SET sql_mode = '';
INSERT INTO t (id, s) VALUES (1, 'abc'), (2, '12'), (3, NULL), (4, '7z');
-- on mysql
INSERT INTO dated (id, s) VALUES (1, 'abc'), (2, '2024-02-30'), (3, NULL);
INSERT INTO functional VALUES (1, 'abc'), (2, '12'), (3, NULL);
-- on any
