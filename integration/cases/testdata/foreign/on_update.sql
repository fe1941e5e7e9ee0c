-- ON UPDATE CASCADE through two levels of composite keys. MySQL 9.7 itself refuses such an update.
-- pairs: mariadb mariadb-mysql

-- setup
CREATE TABLE a (x INT, y INT, v INT, PRIMARY KEY (x, y));
CREATE TABLE b (x INT, y INT, n INT, v INT, PRIMARY KEY (x, y, n), CONSTRAINT ou_b FOREIGN KEY (x, y) REFERENCES a (x, y) ON UPDATE CASCADE ON DELETE CASCADE);
CREATE TABLE c (id INT PRIMARY KEY, x INT, y INT, n INT, CONSTRAINT ou_c FOREIGN KEY (x, y, n) REFERENCES b (x, y, n) ON UPDATE CASCADE);
INSERT INTO a VALUES (1, 1, 1), (1, 2, 2), (2, 1, 3);
INSERT INTO b VALUES (1, 1, 1, 1), (1, 1, 2, 2), (1, 2, 1, 3);
INSERT INTO c VALUES (1, 1, 1, 1), (2, 1, 1, 2), (3, 1, 2, 1), (4, NULL, 1, 1);

-- workload
UPDATE a SET y = 9 WHERE x = 1 AND y = 1;
BEGIN;
UPDATE a SET x = 100 WHERE x = 1 AND y = 2;
UPDATE a SET x = 1, y = 2 WHERE x = 1 AND y = 9;
UPDATE a SET y = 9 WHERE x = 100;
COMMIT;
UPDATE b SET n = n + 10 WHERE x = 1;
UPDATE c SET id = id + 10;
DELETE FROM a WHERE x = 2;
