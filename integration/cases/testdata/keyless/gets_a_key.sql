-- A table without a key gets one, and one with a key loses it.

-- setup
CREATE TABLE t (a INT, b VARCHAR(10));
INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, 'z');
CREATE TABLE u (id INT PRIMARY KEY, b VARCHAR(10));
INSERT INTO u VALUES (1, 'x'), (2, 'y');

-- workload
UPDATE t SET b = 'yy' WHERE a = 2;
ALTER TABLE t ADD PRIMARY KEY (a);
UPDATE t SET a = 10 WHERE a = 1;
INSERT INTO t VALUES (4, 'w');
ALTER TABLE u DROP PRIMARY KEY;
INSERT INTO u VALUES (1, 'x'), (1, 'x');
DELETE FROM u WHERE id = 1 LIMIT 2;
ALTER TABLE u MODIFY id INT NULL;
INSERT INTO u VALUES (NULL, 'n');
UPDATE u SET b = 'm' WHERE id IS NULL;
