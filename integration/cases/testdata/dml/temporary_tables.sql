-- Temporary tables, one of which hides a real one; only what is done to real ones is carried.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10));
INSERT INTO t VALUES (1, 'real'), (2, 'real');

-- workload
CREATE TEMPORARY TABLE tmp (id INT PRIMARY KEY, v VARCHAR(10));
INSERT INTO tmp VALUES (5, 'temp'), (6, 'temp');
INSERT INTO t SELECT * FROM tmp;
CREATE TEMPORARY TABLE t (id INT PRIMARY KEY, w INT);
INSERT INTO t VALUES (1, 99), (2, 98);
UPDATE t SET w = 0;
ALTER TABLE t ADD COLUMN x INT;
TRUNCATE TABLE t;
DROP TEMPORARY TABLE t;
UPDATE t SET v = 'after' WHERE id = 2;
CREATE TEMPORARY TABLE t LIKE tmp;
DROP TABLE t;
INSERT INTO t VALUES (7, 'real');
CREATE TEMPORARY TABLE k AS SELECT * FROM t;
DELETE FROM t WHERE id IN (SELECT id FROM k WHERE id = 1);
-- connection b
CREATE TEMPORARY TABLE t (z INT);
INSERT INTO t VALUES (1);
DROP TABLE IF EXISTS t, tmp;
INSERT INTO t VALUES (8, 'b');
-- on mariadb
CREATE TEMPORARY TABLE moving (id INT);
RENAME TABLE moving TO moved;
RENAME TABLE moved TO moving, t TO s, s TO t;
INSERT INTO t VALUES (9, 'on');
