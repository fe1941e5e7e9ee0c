-- Keys that the server generates, and shows.
-- pairs: mysql

-- setup
SET SESSION sql_generate_invisible_primary_key = ON;
CREATE TABLE t (a INT, b VARCHAR(10));
INSERT INTO t VALUES (1, 'x'), (1, 'x'), (2, 'y'), (NULL, NULL);
CREATE TABLE v (a INT);
INSERT INTO v VALUES (1), (2);

-- workload
INSERT INTO t VALUES (3, 'z'), (3, 'z');
UPDATE t SET b = 'one' WHERE a = 1 LIMIT 1;
DELETE FROM t WHERE a = 3 LIMIT 1;
SET SESSION sql_generate_invisible_primary_key = ON;
CREATE TABLE n (a INT, KEY (a));
INSERT INTO n VALUES (5), (5);
CREATE TABLE l LIKE t;
INSERT INTO l SELECT * FROM t;
ALTER TABLE v ALTER COLUMN my_row_id SET VISIBLE;
INSERT INTO v (a) VALUES (9);
SET SESSION sql_generate_invisible_primary_key = OFF;
CREATE TABLE plain (a INT);
INSERT INTO plain VALUES (1), (1);
ALTER TABLE t ADD COLUMN c INT DEFAULT 4 FIRST;
UPDATE t SET c = 40 WHERE a = 2;
