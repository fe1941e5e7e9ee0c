-- Statements that change thousands of rows at once.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(200), n INT, KEY (n));
INSERT INTO t WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 1000) SELECT i, REPEAT(CHAR(97 + i % 26), i % 200), i % 10 FROM g;

-- workload
INSERT INTO t SELECT id + 1000, CONCAT(LEFT(v, 190), id), n + 10 FROM t;
UPDATE t SET n = n + 1 WHERE id % 3 = 0;
DELETE FROM t WHERE id % 7 = 0;
UPDATE t SET id = id + 10000 WHERE n > 10;
REPLACE INTO t SELECT id, REVERSE(v), 0 FROM t WHERE id < 500;
