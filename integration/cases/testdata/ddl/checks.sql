-- CHECK constraints, added, dropped, named and unnamed, and rows they turn away.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, a INT CHECK (a > 0), b VARCHAR(20), CONSTRAINT chk_b CHECK (b <> 'bad' AND LENGTH(b) < 10), CHECK (a < 1000 OR b IS NULL));
INSERT INTO t VALUES (1, 1, 'ok'), (2, NULL, NULL);

-- workload
INSERT INTO t VALUES (3, 999, 'fine');
-- on mysql
-- fails 3819
INSERT INTO t VALUES (4, -1, 'x');
-- on mariadb
-- fails 4025
INSERT INTO t VALUES (4, -1, 'x');
-- on any
ALTER TABLE t ADD CONSTRAINT chk_c CHECK (id < 100), DROP CONSTRAINT chk_b;
INSERT INTO t VALUES (5, 5, 'bad');
ALTER TABLE t ADD COLUMN d INT DEFAULT 5 CHECK (d IN (5, 6, 7));
UPDATE t SET d = 6 WHERE id = 1;
CREATE TABLE n (id INT PRIMARY KEY, s VARCHAR(20), CONSTRAINT chk_n CHECK (s LIKE 'it''s%' OR s = '\\'));
INSERT INTO n VALUES (1, 'it''s'), (2, '\\');
