-- Rows of several MiB that are inserted, changed and deleted in one transaction.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v LONGBLOB, n INT);
INSERT INTO t VALUES (1, REPEAT(0x0A, 3000000), 1), (2, REPEAT('x', 5000000), 2);

-- workload
BEGIN;
INSERT INTO t VALUES (3, REPEAT(0xFE, 6000000), 3), (4, REPEAT('y', 2500000), 4);
UPDATE t SET v = CONCAT(v, v), n = n + 1 WHERE id IN (1, 4);
DELETE FROM t WHERE id = 2;
INSERT INTO t VALUES (2, 'small', 0);
COMMIT;
UPDATE t SET n = n + 100;
