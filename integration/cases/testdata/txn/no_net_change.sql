-- Changes that undo themselves, rows inserted and deleted at once, updates to the same value.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), d DOUBLE, UNIQUE KEY (v));
INSERT INTO t VALUES (1, 'a', 0.1), (2, 'b', 0.2);

-- workload
BEGIN;
INSERT INTO t VALUES (5, 'e', 1);
UPDATE t SET id = 6 WHERE id = 5;
DELETE FROM t WHERE id = 6;
UPDATE t SET v = 'x' WHERE id = 1;
UPDATE t SET v = 'a' WHERE id = 1;
DELETE FROM t WHERE id = 2;
INSERT INTO t VALUES (2, 'b', 0.2);
COMMIT;
UPDATE t SET v = v;
DELETE FROM t WHERE id = 1;
INSERT INTO t VALUES (1, 'a', 0.1);
DELETE FROM t WHERE id = 2;
INSERT INTO t VALUES (2, 'B', -0.2);
UPDATE t SET d = 0.30000000000000004 WHERE id = 1;
UPDATE t SET d = 0.3 WHERE id = 1;
