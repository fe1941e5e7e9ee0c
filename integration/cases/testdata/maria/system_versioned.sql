-- System-versioned tables within MariaDB: current rows are carried.
-- pairs: mariadb

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)) WITH SYSTEM VERSIONING;
INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c');
UPDATE t SET v = 'aa' WHERE id = 1;
DELETE FROM t WHERE id = 3;

-- workload
UPDATE t SET v = CONCAT(v, '!');
DELETE FROM t WHERE id = 2;
INSERT INTO t VALUES (4, 'd'), (5, 'e');
BEGIN;
UPDATE t SET v = 'x' WHERE id = 4;
DELETE FROM t WHERE id = 4;
INSERT INTO t VALUES (4, 'again');
COMMIT;
UPDATE t SET id = 50 WHERE id = 5;
