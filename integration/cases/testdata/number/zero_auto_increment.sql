-- A key value 0 stays 0, and offsets of the session leave gaps.

-- setup
SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO');
CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20));
INSERT INTO t VALUES (0, 'zero'), (5, 'five');
CREATE TABLE n (id INT AUTO_INCREMENT PRIMARY KEY, v INT);
INSERT INTO n VALUES (-5, 1), (0, 2), (7, 3);
CREATE TABLE s (k INT PRIMARY KEY, id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT UNIQUE);
INSERT INTO s VALUES (1, 0), (2, 10);

-- workload
SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO'), auto_increment_increment = 10, auto_increment_offset = 3;
UPDATE t SET v = 'still zero' WHERE id = 0;
INSERT INTO t (v) VALUES ('a'), ('b'), ('c');
DELETE FROM n WHERE id = 0;
INSERT INTO n VALUES (0, 20);
UPDATE n SET id = id - 100 WHERE id = -5;
INSERT INTO s (k) VALUES (3), (4);
UPDATE s SET id = 0 WHERE k = 3 AND id = 99;
DELETE FROM s WHERE id = 0;
INSERT INTO s VALUES (5, 0);
ALTER TABLE t AUTO_INCREMENT = 5000;
INSERT INTO t (v) VALUES ('after');
ALTER TABLE n AUTO_INCREMENT = 900;

-- both
SELECT id FROM t WHERE id = 0;
--> 0
