-- JSON of MariaDB is text with a CHECK: spaces, order and duplicate keys stay.
-- pairs: mariadb mariadb-mysql

-- setup
CREATE TABLE t (id INT PRIMARY KEY, j JSON, k LONGTEXT CHECK (JSON_VALID(k)), l JSON NOT NULL DEFAULT '{}');
INSERT INTO t (id, j, k) VALUES (1, '{ "b" : 1 , "a":2, "a":3 }', '[1.0,  1e5 ]'), (2, ' null ', '1.50'), (3, NULL, NULL), (4, '"\\u00e9"', '{"a":"\\/"}');

-- workload
INSERT INTO t SELECT id + 10, j, k, l FROM t;
UPDATE t SET j = CONCAT(j, '  '), l = '{"z": 1, "a": [ ]}' WHERE id > 10;
UPDATE t SET k = JSON_SET(k, '$[1]', 'new') WHERE id = 1;
-- fails 4025
INSERT INTO t (id, j) VALUES (99, '{bad');
DELETE FROM t WHERE id = 4;
ALTER TABLE t ADD COLUMN m JSON;
UPDATE t SET m = '[ 0 ]' WHERE id = 1;
