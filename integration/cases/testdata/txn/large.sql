-- Transactions of several MiB, one of them rolled back, over keyed and keyless tables.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(2000));
CREATE TABLE k (v VARCHAR(2000));
INSERT INTO t WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 900) SELECT i, REPEAT(CHAR(65 + i % 26), 1500) FROM g;

-- workload
BEGIN;
UPDATE t SET v = REVERSE(CONCAT(v, id));
INSERT INTO t SELECT id + 1000, CONCAT(v, '!') FROM t;
INSERT INTO k SELECT v FROM t WHERE id < 200;
DELETE FROM t WHERE id % 2 = 0;
COMMIT;
BEGIN;
UPDATE t SET v = 'lost';
DELETE FROM k;
ROLLBACK;
DELETE FROM k LIMIT 50;
UPDATE t SET id = id + 5000 WHERE id > 1000;
