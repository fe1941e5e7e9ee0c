-- Functions in views that both sides know, with the collation of the session that made them.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), d DATETIME);
INSERT INTO t VALUES (1, 'Abc', '2020-02-29 10:00:00'), (2, NULL, NULL);
SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE VIEW f AS SELECT UPPER(v) AS u, SUBSTRING(v, 2, 1) AS s, TRIM(BOTH 'A' FROM v) AS tr, DATE_ADD(d, INTERVAL 1 DAY) AS nx, DATE_FORMAT(d, '%Y-%m') AS ym, EXTRACT(HOUR FROM d) AS h, COALESCE(v, 'x') AS c, v LIKE 'a%' AS lk, v REGEXP '^A' AS rx, id MOD 2 AS md, GREATEST(id, 5) AS gr, IF(id = 1, 'y', 'n') AS yn, v COLLATE utf8mb4_bin = 'abc' AS bin, CONVERT(v USING latin1) AS lat, STR_TO_DATE('01,5,2013', '%d,%m,%Y') AS std FROM t;

-- workload
SET NAMES latin1;
CREATE VIEW l AS SELECT v = 'abc' AS eq, 'é' AS e FROM t;
SET NAMES utf8mb4;
CREATE VIEW m AS SELECT MAX(v) AS mx, GROUP_CONCAT(v ORDER BY id SEPARATOR '; ') AS gc, POSITION('b' IN v) AS p FROM t GROUP BY id, v;
INSERT INTO t VALUES (3, 'zZz', '1999-12-31 23:59:59');
