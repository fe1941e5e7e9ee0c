-- Unique keys too long for an index, which MariaDB keeps by hidden columns that are in the log.
-- pairs: mariadb

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v TEXT, w VARCHAR(2000) CHARACTER SET utf8mb4, b BLOB, UNIQUE KEY v (v), UNIQUE KEY w (w), UNIQUE KEY both_of (b, id));
INSERT INTO t VALUES (1, 'one', 'eins', 'x'), (2, 'two', 'zwei', NULL), (3, NULL, NULL, NULL), (4, 'Four', 'vier', 'y');
CREATE TABLE k (v TEXT NOT NULL, n INT, UNIQUE KEY (v));
INSERT INTO k VALUES ('a', 1), ('b', 2), ('', 3);
CREATE TABLE later (id INT PRIMARY KEY, v TEXT);
INSERT INTO later VALUES (1, 'a'), (2, 'b');
CREATE TABLE m (id INT PRIMARY KEY, v INT, UNIQUE KEY (v) USING HASH) ENGINE = MEMORY;
INSERT INTO m VALUES (1, 1);

-- workload
INSERT INTO t VALUES (5, REPEAT('long', 5000), REPEAT('é', 2000), REPEAT('b', 60000));
-- fails 1062
INSERT INTO t VALUES (6, 'ONE', NULL, NULL);
UPDATE t SET v = CASE id WHEN 1 THEN 'tmp' WHEN 2 THEN 'zwo' ELSE v END;
BEGIN;
UPDATE t SET v = 'swap', w = 'swap' WHERE id = 1;
UPDATE t SET v = 'tmp', w = 'eins' WHERE id = 2;
UPDATE t SET v = 'zwo', w = 'zwei' WHERE id = 1;
COMMIT;
DELETE FROM t WHERE id = 4;
INSERT INTO t VALUES (4, 'four', 'VIER', 'y');
UPDATE k SET n = n + 10 WHERE v <> 'b';
UPDATE k SET v = CONCAT(v, v) ORDER BY v DESC;
DELETE FROM k WHERE v = 'bb';
ALTER TABLE later ADD UNIQUE KEY (v);
INSERT INTO later VALUES (3, 'c');
UPDATE later SET v = 'cc' WHERE id = 3;
ALTER TABLE later ADD COLUMN u TEXT UNIQUE;
INSERT INTO later VALUES (4, 'd', 'u');
ALTER TABLE later DROP KEY v;
INSERT INTO later VALUES (5, 'd', NULL);
CREATE TABLE made (id INT, f BLOB, UNIQUE (f));
INSERT INTO made VALUES (1, 'f'), (2, NULL), (2, NULL);
UPDATE made SET id = 7 WHERE f = 'f';
INSERT INTO m VALUES (2, 2);
