-- Unique values go round three rows in one transaction, and in one statement order that only works backwards.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, u INT NULL, w VARCHAR(10) NOT NULL, UNIQUE KEY (u), UNIQUE KEY (w));
INSERT INTO t VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'c'), (4, 40, 'd');
CREATE TABLE r (id INT PRIMARY KEY, u INT NOT NULL, UNIQUE KEY (u));
INSERT INTO r VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5);

-- workload
BEGIN;
UPDATE t SET u = NULL WHERE id = 1;
UPDATE t SET u = 10 WHERE id = 2;
UPDATE t SET u = 20 WHERE id = 3;
UPDATE t SET u = 30 WHERE id = 1;
COMMIT;
BEGIN;
UPDATE t SET w = 'x' WHERE id = 1;
UPDATE t SET w = 'a' WHERE id = 2;
UPDATE t SET w = 'b' WHERE id = 3;
UPDATE t SET w = 'c' WHERE id = 4;
UPDATE t SET w = 'd' WHERE id = 1;
COMMIT;
UPDATE r SET u = u + 1 ORDER BY u DESC;
UPDATE r SET u = u - 2 ORDER BY u;
BEGIN;
DELETE FROM r WHERE id = 1;
UPDATE r SET id = 1 WHERE id = 5;
INSERT INTO r VALUES (5, 100);
COMMIT;
