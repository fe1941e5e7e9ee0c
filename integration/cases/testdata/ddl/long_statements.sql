-- A table of many columns, and a statement longer than 64 KiB.
-- pairs: mysql

-- setup
SET SESSION group_concat_max_len = 1000000;
SET @q = (WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 150) SELECT CONCAT('CREATE TABLE t (id INT PRIMARY KEY, ', GROUP_CONCAT(CONCAT('c', i, ' VARCHAR(10) DEFAULT ''d', i, '''') ORDER BY i), ')') FROM g);
PREPARE q FROM @q;
EXECUTE q;
INSERT INTO t (id) VALUES (1), (2);

-- workload
SET SESSION group_concat_max_len = 1000000;
INSERT INTO t (id, c1, c150) VALUES (3, 'x', NULL);
SET @q = (WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 200) SELECT CONCAT('ALTER TABLE t ', GROUP_CONCAT(CONCAT('ADD COLUMN n', i, ' INT DEFAULT ', i, ' COMMENT ''', REPEAT('long comment ', 30), '''') ORDER BY i)) FROM g);
PREPARE q FROM @q;
EXECUTE q;
INSERT INTO t (id, n200) VALUES (4, 7);
UPDATE t SET c149 = 'changed', n1 = id;
SET @q = (WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 140) SELECT CONCAT('ALTER TABLE t ', GROUP_CONCAT(CONCAT('DROP COLUMN c', i) ORDER BY i)) FROM g);
PREPARE q FROM @q;
EXECUTE q;
DELETE FROM t WHERE id = 2;
