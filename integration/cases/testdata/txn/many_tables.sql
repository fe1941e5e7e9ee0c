-- One transaction over tables with keys, without, and in several databases.

-- setup
CREATE TABLE a (id INT PRIMARY KEY, v INT);
CREATE TABLE {db2}.b (v INT);
CREATE TABLE {db3}.c (id INT AUTO_INCREMENT PRIMARY KEY, v INT);
CREATE TABLE {other}.x (id INT PRIMARY KEY);
INSERT INTO a VALUES (1, 0);
INSERT INTO {db2}.b VALUES (0), (0);

-- workload
BEGIN;
INSERT INTO {other}.x VALUES (1);
INSERT INTO a VALUES (2, 2);
INSERT INTO {db2}.b VALUES (2), (2);
INSERT INTO {db3}.c (v) SELECT v FROM a;
UPDATE a, {db3}.c SET a.v = a.v + 10, c.v = c.v + 100 WHERE a.id = c.id;
DELETE FROM {db2}.b WHERE v = 0 LIMIT 1;
DELETE FROM {other}.x;
COMMIT;
USE {db2};
INSERT INTO b VALUES (7);
INSERT INTO {db}.a VALUES (7, 7);
CREATE TABLE made (id INT PRIMARY KEY);
USE {other};
INSERT INTO {db3}.c (v) VALUES (77);
ALTER TABLE {db3}.c ADD COLUMN w INT DEFAULT 3;
INSERT INTO {db2}.made VALUES (1);
