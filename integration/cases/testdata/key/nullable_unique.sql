-- Nullable unique keys are no key: rows with NULL in them may be alike.

-- setup
CREATE TABLE t (a INT, b INT, v VARCHAR(10), UNIQUE KEY (a, b));
INSERT INTO t VALUES (1, 1, 'x'), (1, NULL, 'x'), (1, NULL, 'x'), (NULL, NULL, 'y'), (NULL, NULL, 'y'), (NULL, NULL, 'z'), (2, 2, NULL);
CREATE TABLE u (id INT PRIMARY KEY, a INT, UNIQUE KEY (a));
INSERT INTO u VALUES (1, 1), (2, 2), (3, NULL), (4, NULL);

-- workload
UPDATE t SET v = 'w' WHERE a IS NULL LIMIT 2;
DELETE FROM t WHERE a = 1 AND b IS NULL LIMIT 1;
UPDATE t SET b = 7 WHERE a = 1 AND b IS NULL;
UPDATE t SET a = NULL, v = NULL WHERE a = 2;
INSERT INTO t VALUES (NULL, 1, 'n'), (NULL, 1, 'n'), (1, 2, 'm');
BEGIN;
UPDATE u SET a = NULL WHERE id = 1;
UPDATE u SET a = 1 WHERE id = 2;
UPDATE u SET a = 2 WHERE id = 3;
UPDATE u SET a = 3 WHERE id = 1;
COMMIT;
