-- Partial JSON values of tables that nobody selected disturb nothing.
-- pairs: mysql
-- paths: stream

-- setup
CREATE TABLE {other}.x (id INT PRIMARY KEY, j JSON);
CREATE TABLE t (id INT PRIMARY KEY, j JSON);
INSERT INTO {other}.x VALUES (1, '{"a":"aaaaaaaaaaaaaaaaaaaaaaaa","b":1}');
INSERT INTO t VALUES (1, '{"a":"aaaaaaaaaaaaaaaaaaaaaaaa","b":1}');

-- workload
SET SESSION binlog_row_value_options = 'PARTIAL_JSON';
UPDATE {other}.x SET j = JSON_SET(j, '$.a', 'bbbbbbbb') WHERE id = 1;
SET SESSION binlog_row_value_options = '';
UPDATE t SET j = JSON_SET(j, '$.a', 'bbbbbbbb') WHERE id = 1;
