-- Generated columns in unique keys and at the front of the table.

-- setup
CREATE TABLE t (g INT AS (a % 10) STORED, a INT NOT NULL, v VARCHAR(10), PRIMARY KEY (a), UNIQUE KEY (g));
INSERT INTO t (a, v) VALUES (1, 'one'), (12, 'two'), (23, 'three'), (34, 'four');
CREATE TABLE u (id INT PRIMARY KEY, a VARCHAR(20), k VARCHAR(20) AS (LOWER(a)) VIRTUAL, UNIQUE KEY (k));
INSERT INTO u (id, a) VALUES (1, 'AB'), (2, 'cd'), (3, NULL), (4, NULL);

-- workload
BEGIN;
UPDATE t SET a = 105 WHERE a = 1;
UPDATE t SET a = 101 WHERE a = 12;
UPDATE t SET a = 102 WHERE a = 105;
COMMIT;
DELETE FROM t WHERE g = 3;
INSERT INTO t (a, v) VALUES (13, 'again');
BEGIN;
UPDATE u SET a = 'tmp' WHERE id = 1;
UPDATE u SET a = 'Ab' WHERE id = 2;
UPDATE u SET a = 'CD' WHERE id = 1;
COMMIT;
UPDATE u SET a = 'ef' WHERE id = 3;
