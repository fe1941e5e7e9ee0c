-- Rows that refer to each other in a ring go by ON DELETE CASCADE; MySQL's log has the first of them twice.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, p INT, v VARCHAR(10), KEY (p), CONSTRAINT f FOREIGN KEY (p) REFERENCES t (id) ON DELETE CASCADE);
INSERT INTO t VALUES (1, NULL, 'a'), (2, 1, 'b'), (3, 2, 'c'), (4, 3, 'd'), (5, NULL, 'e'), (6, NULL, 'f'), (7, 6, 'g'), (8, 6, 'h'), (9, NULL, 'i');
UPDATE t SET p = 4 WHERE id = 1;
UPDATE t SET p = 5 WHERE id = 5;
UPDATE t SET p = 8 WHERE id = 6;

-- workload
DELETE FROM t WHERE id = 1;
DELETE FROM t WHERE id = 5;
BEGIN;
DELETE FROM t WHERE id IN (6, 9);
INSERT INTO t VALUES (6, NULL, 'F'), (9, 6, 'I');
UPDATE t SET p = 9 WHERE id = 6;
DELETE FROM t WHERE v = 'I';
INSERT INTO t VALUES (9, NULL, 'i');
COMMIT;
INSERT INTO t VALUES (1, NULL, 'a'), (2, 1, 'b');
UPDATE t SET p = 2 WHERE id = 1;
DELETE FROM t WHERE id < 3;
