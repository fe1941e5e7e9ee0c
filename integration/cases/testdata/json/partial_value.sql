-- A session that logs changes inside documents only: the run may not guess.
-- pairs: mysql
-- paths: stream window
-- expect: stops row_value_options

-- setup
CREATE TABLE t (id INT PRIMARY KEY, j JSON);
INSERT INTO t VALUES (1, '{"a":"aaaaaaaaaaaaaaaaaaaaaaaa","b":1}');

-- workload
SET SESSION binlog_row_value_options = 'PARTIAL_JSON';
UPDATE t SET j = JSON_SET(j, '$.a', 'bbbbbbbb') WHERE id = 1;
