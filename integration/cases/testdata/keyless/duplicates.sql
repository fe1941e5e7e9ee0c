-- Tables without a key, with many equal rows, of which some are changed.

-- setup
CREATE TABLE t (a INT, b VARCHAR(10), c DATETIME(6), d DOUBLE);
INSERT INTO t VALUES (1, 'x', '2020-01-01 00:00:00.000001', 0.1), (1, 'x', '2020-01-01 00:00:00.000001', 0.1), (1, 'x', '2020-01-01 00:00:00.000001', 0.1), (1, 'X', '2020-01-01 00:00:00.000001', 0.1), (NULL, NULL, NULL, NULL), (NULL, NULL, NULL, NULL), (1, 'x ', '2020-01-01 00:00:00.000001', 0.1);
INSERT INTO t SELECT * FROM t;
CREATE TABLE one (v INT);
INSERT INTO one VALUES (1), (1), (1), (1), (2), (2);

-- workload
DELETE FROM t WHERE a = 1 LIMIT 3;
UPDATE t SET d = 0.2 WHERE a IS NULL LIMIT 1;
UPDATE t SET b = 'y' WHERE BINARY b = 'X' LIMIT 1;
BEGIN;
INSERT INTO one VALUES (1), (3);
DELETE FROM one WHERE v = 1 LIMIT 2;
UPDATE one SET v = v + 1 LIMIT 3;
COMMIT;
INSERT INTO one SELECT v FROM one;
DELETE FROM one WHERE v = 2 LIMIT 5;
UPDATE one SET v = v LIMIT 2;
