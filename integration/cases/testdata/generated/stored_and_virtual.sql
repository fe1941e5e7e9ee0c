-- Stored and virtual columns of several types; nobody writes them, all of them are right.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(20), c DATETIME(3), d DECIMAL(10,3), s INT AS (a * 2 + 1) STORED, v INT AS (a - 1) VIRTUAL, n VARCHAR(50) AS (CONCAT(UPPER(b), '-', a)) STORED, y INT AS (YEAR(c)) VIRTUAL,
  r DECIMAL(12,1) AS (ROUND(d, 1)) STORED, h VARCHAR(64) AS (HEX(b)) VIRTUAL, z VARCHAR(30) AS (COALESCE(b, 'none')) STORED, x DATE AS (CAST(c AS DATE)) VIRTUAL);
INSERT INTO t (id, a, b, c, d) VALUES (1, 1, 'x', '2020-02-29 12:00:00.123', 1.234), (2, NULL, NULL, NULL, NULL), (3, -5, 'é''"\\', '1999-12-31 23:59:59.999', -9999999.999);

-- workload
INSERT INTO t (id, a, b, c, d) VALUES (4, 7, '😀', '2001-01-01', 0.05), (5, 0, '', '2002-02-02', 0.15);
UPDATE t SET a = a + 100, b = REVERSE(b), d = d + 0.01;
ALTER TABLE t ADD COLUMN w INT AS (a + 5) VIRTUAL AFTER a, ADD COLUMN st VARCHAR(10) AS (LEFT(b, 2)) STORED;
INSERT INTO t (id, a, b) VALUES (6, 9, 'six');
ALTER TABLE t DROP COLUMN s;
UPDATE t SET a = 50 WHERE id IN (2, 6);
DELETE FROM t WHERE id = 1;
