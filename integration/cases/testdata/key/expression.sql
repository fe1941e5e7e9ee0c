-- Unique keys over expressions and over virtual columns.
-- pairs: mysql

-- setup
CREATE TABLE t (id INT PRIMARY KEY, email VARCHAR(50), n INT, UNIQUE KEY e ((LOWER(email))), UNIQUE KEY m ((n % 10), (n DIV 10)), KEY d ((n + 1) DESC));
INSERT INTO t VALUES (1, 'Ann@x', 1), (2, 'bob@x', 12), (3, 'CARL@x', 23), (4, NULL, NULL), (5, NULL, NULL);
CREATE TABLE v (id INT PRIMARY KEY, a INT, b INT, s INT AS (a + b) VIRTUAL, UNIQUE KEY (s));
INSERT INTO v (id, a, b) VALUES (1, 1, 2), (2, 2, 2), (3, 5, NULL), (4, 6, NULL);

-- workload
BEGIN;
UPDATE t SET email = 'x' WHERE id = 1;
UPDATE t SET email = 'ANN@X' WHERE id = 2;
UPDATE t SET email = 'Bob@X' WHERE id = 1;
COMMIT;
UPDATE t SET email = UPPER(email);
DELETE FROM t WHERE id = 3;
INSERT INTO t VALUES (6, 'carl@x', 23);
-- fails 1062
INSERT INTO t VALUES (7, 'cArL@X', 99);
BEGIN;
UPDATE v SET a = 100 WHERE id = 1;
UPDATE v SET b = 1 WHERE id = 2;
UPDATE v SET a = 2 WHERE id = 1;
COMMIT;
UPDATE v SET b = -4 WHERE id = 3;
DELETE FROM v WHERE id = 2;
INSERT INTO v (id, a, b) VALUES (2, 3, 0);
