-- A table without a key whose generated columns must not decide which row is meant.

-- setup
CREATE TABLE t (a VARCHAR(10) COLLATE utf8mb4_general_ci, g VARCHAR(20) AS (UPPER(a)) STORED, w INT AS (LENGTH(a)) VIRTUAL, n INT);
INSERT INTO t (a, n) VALUES ('a', 1), ('A', 1), ('a', 1), ('b', 2), (NULL, 3), (NULL, 3);

-- workload
UPDATE t SET n = 9 WHERE BINARY a = 'A';
DELETE FROM t WHERE BINARY a = 'a' LIMIT 1;
UPDATE t SET a = 'B' WHERE n = 2;
DELETE FROM t WHERE a IS NULL LIMIT 1;
INSERT INTO t (a, n) VALUES ('a', 1), ('A', 9);
