-- Documents of great depth, many keys, long strings, and more than 64 KiB.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, j JSON);
INSERT INTO t VALUES (1, CONCAT(REPEAT('[', 30), '1', REPEAT(']', 30))), (2, CONCAT(REPEAT('{"a":', 30), '"x"', REPEAT('}', 30))), (3, JSON_ARRAY(REPEAT('x', 70000), REPEAT('é', 200))),
  (4, CONCAT('[', REPEAT('123456789,', 20000), '0]')), (5, JSON_OBJECT(REPEAT('k', 60000), 1, 'b', REPEAT('😀', 40000)));
INSERT INTO t WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 700) SELECT 6, CONCAT('{', GROUP_CONCAT(CONCAT('"k', LPAD(i, 4, '0'), '":', i)), '}') FROM g WHERE i <= 80;
-- on mysql
INSERT INTO t VALUES (7, CONCAT(REPEAT('[', 99), '1', REPEAT(']', 99)));
-- on any

-- workload
INSERT INTO t SELECT id + 10, j FROM t;
UPDATE t SET j = JSON_ARRAY_APPEND(j, '$', REPEAT('y', 100000)) WHERE id IN (3, 4);
UPDATE t SET j = JSON_SET(j, '$.k0001', REPEAT('z', 300), '$.k0002', NULL) WHERE id = 6;
