-- A table without a primary key whose identity is a unique key over NOT NULL columns.

-- setup
CREATE TABLE t (a INT NOT NULL, b VARCHAR(10) NOT NULL, v INT, KEY (v), UNIQUE KEY uk (a, b));
INSERT INTO t VALUES (1, 'a', 1), (1, 'b', 2), (2, 'a', 3), (2, 'A ', 4) ON DUPLICATE KEY UPDATE v = 40;
CREATE TABLE two (a INT NOT NULL, b INT NOT NULL, c INT, UNIQUE KEY u1 (c), UNIQUE KEY u2 (b), UNIQUE KEY u3 (a));
INSERT INTO two VALUES (1, 10, NULL), (2, 20, 200), (3, 30, NULL), (4, 40, 400);

-- workload
UPDATE t SET b = 'c' WHERE a = 1 AND b = 'b';
UPDATE t SET a = 9 WHERE v = 3;
DELETE FROM t WHERE v = 1;
INSERT INTO t VALUES (1, 'A', 11), (1, 'b', 12);
BEGIN;
UPDATE two SET a = 99, b = 990 WHERE a = 1;
UPDATE two SET a = 1, b = 10 WHERE a = 2;
UPDATE two SET a = 2, b = 20, c = 300 WHERE a = 3;
UPDATE two SET a = 3, b = 30 WHERE a = 99;
COMMIT;
DELETE FROM two WHERE c = 400;
INSERT INTO two VALUES (4, 41, 400);
