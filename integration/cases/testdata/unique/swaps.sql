-- Unique values that move between rows: swaps, rotations, chains, and via NULL.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, u INT UNIQUE, w VARCHAR(10) UNIQUE, n INT);
INSERT INTO t VALUES (1, 10, 'a', 1), (2, 20, 'b', 2), (3, 30, 'c', 3), (4, 40, 'd', 4), (5, NULL, NULL, 5);

-- workload
BEGIN;
UPDATE t SET u = -1 WHERE id = 1;
UPDATE t SET u = 10 WHERE id = 2;
UPDATE t SET u = 20 WHERE id = 1;
COMMIT;
BEGIN;
UPDATE t SET w = NULL WHERE id = 1;
UPDATE t SET w = 'a' WHERE id = 2;
UPDATE t SET w = 'b' WHERE id = 3;
UPDATE t SET w = 'c' WHERE id = 4;
UPDATE t SET w = 'd' WHERE id = 1;
COMMIT;
BEGIN;
UPDATE t SET u = u + 1000 WHERE u IS NOT NULL;
UPDATE t SET u = 10 * (5 - id) WHERE id < 5;
COMMIT;
BEGIN;
DELETE FROM t WHERE id = 2;
UPDATE t SET u = 30, w = 'a' WHERE id = 5;
INSERT INTO t VALUES (2, 99, 'z', 22);
COMMIT;
UPDATE t SET n = n + 1;
