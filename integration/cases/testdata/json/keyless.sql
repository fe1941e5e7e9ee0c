-- Rows without a key are found by their JSON value.

-- setup
CREATE TABLE t (j JSON, n INT);
INSERT INTO t VALUES ('{"a":1}', 1), ('{"a":1}', 1), ('{"a":1.0}', 1), ('[1,2]', 2), (NULL, 3), ('null', 3), ('"é😀\\""', 4), ('{"x":[{"y":null}]}', 5);

-- workload
UPDATE t SET n = n + 10 WHERE n = 1 LIMIT 1;
DELETE FROM t WHERE n = 3 LIMIT 1;
UPDATE t SET j = '{"z":[1.50,true]}' WHERE n = 2;
UPDATE t SET n = 40 WHERE n = 4;
INSERT INTO t SELECT j, n FROM t;
DELETE FROM t WHERE n = 5 LIMIT 1;
