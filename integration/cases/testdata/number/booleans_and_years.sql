-- TINYINT(1), BOOLEAN and YEAR with its bounds and zero, also in keys.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, b BOOLEAN, b2 TINYINT(1) UNSIGNED, y YEAR);
INSERT INTO t VALUES (1, TRUE, 255, 1901), (2, FALSE, 0, 2155), (3, NULL, NULL, NULL), (4, -128, 7, 0), (5, 127, 1, 1970), (6, 1, 1, '0'), (7, 0, 0, 69), (8, 0, 0, 70);
CREATE TABLE y (y YEAR, b BOOLEAN, v INT, PRIMARY KEY (y, b));
INSERT INTO y VALUES (0, 0, 1), (1901, 1, 2), (2155, 0, 3), (2000, 1, 4);

-- workload
UPDATE t SET b = NOT b, y = y + 1 WHERE y BETWEEN 1901 AND 2154;
INSERT INTO t SELECT id + 10, b, b2, y FROM t;
UPDATE t SET y = 0 WHERE id = 12;
UPDATE y SET v = 9 WHERE y = 0;
UPDATE y SET y = 0 WHERE y = 2155 AND v = 33;
UPDATE y SET y = 2154, b = 1 WHERE y = 2155;
DELETE FROM y WHERE y = 1901;
INSERT INTO y VALUES (0, 1, 5), (1901, 0, 6);
