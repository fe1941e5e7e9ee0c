-- A primary key over a stored generated column, which MariaDB does not take.
-- pairs: mysql

-- setup
CREATE TABLE t (a INT NOT NULL, b INT NOT NULL, k INT AS (a * 1000 + b) STORED, v INT, PRIMARY KEY (k));
INSERT INTO t (a, b, v) VALUES (1, 1, 1), (1, 2, 2), (2, 1, 3);

-- workload
UPDATE t SET v = v + 10;
UPDATE t SET b = b + 5 WHERE a = 1 ORDER BY b DESC;
DELETE FROM t WHERE k = 2001;
INSERT INTO t (a, b, v) VALUES (2, 1, 30), (0, 7, 70);
