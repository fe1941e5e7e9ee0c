-- Primary keys that change in chains, in one transaction and in many.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10));
INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd');
CREATE TABLE u (a INT, b INT, v INT, PRIMARY KEY (a, b), UNIQUE KEY (b, v));
INSERT INTO u VALUES (1, 1, 1), (1, 2, 2), (2, 1, 3), (2, 2, 4);

-- workload
UPDATE t SET id = id + 1 ORDER BY id DESC;
UPDATE t SET id = id - 1 ORDER BY id;
BEGIN;
UPDATE t SET id = 100 WHERE id = 1;
UPDATE t SET id = 1 WHERE id = 2;
UPDATE t SET id = 2 WHERE id = 3;
UPDATE t SET id = 3 WHERE id = 100;
DELETE FROM t WHERE id = 4;
INSERT INTO t VALUES (4, 'dd');
UPDATE t SET id = 5 WHERE id = 4;
INSERT INTO t VALUES (4, 'ddd');
COMMIT;
BEGIN;
UPDATE u SET a = a + 10;
UPDATE u SET a = 13 - a + 10 WHERE a > 10 AND v IN (1, 3) AND b = 99;
UPDATE u SET b = b + 5 ORDER BY b DESC;
DELETE FROM u WHERE v = 4;
INSERT INTO u VALUES (1, 1, 1), (1, 7, 4);
COMMIT;
UPDATE u SET b = b - 5 WHERE b > 5 AND a > 10 AND v > 1;
