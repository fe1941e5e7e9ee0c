-- Text keys that ignore case change from 'a' to 'A' in place, and trailing blanks come and go.

-- setup
CREATE TABLE t (k VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT);
INSERT INTO t VALUES ('a', 1), ('B', 2), ('x', 3), ('strasse', 4), ('é', 5), ('', 6);
CREATE TABLE u (id INT PRIMARY KEY, k VARCHAR(20) COLLATE utf8mb4_unicode_ci, UNIQUE KEY (k));
INSERT INTO u VALUES (1, 'a'), (2, 'B'), (3, 'x'), (4, 'straße'), (5, 'é'), (6, NULL);
CREATE TABLE c (k CHAR(10) COLLATE latin1_swedish_ci, n INT, v INT, PRIMARY KEY (k, n)) DEFAULT CHARSET latin1;
INSERT INTO c VALUES ('a', 1, 1), ('ä', 1, 2), ('Ü', 1, 3), ('o', 1, 4);

-- workload
UPDATE t SET k = 'A' WHERE k = 'a';
UPDATE t SET k = 'b', v = 20 WHERE k = 'B';
UPDATE t SET k = 'x ' WHERE k = 'x';
UPDATE t SET k = 'E' WHERE v = 5;
UPDATE t SET k = ' ' WHERE v = 6;
-- fails 1062
INSERT INTO t VALUES ('  ', 7);
DELETE FROM t WHERE k = 'STRASSE';
INSERT INTO t VALUES ('STRASSE', 8);
UPDATE u SET k = UPPER(k) WHERE id < 4;
UPDATE u SET k = 'strasse' WHERE id = 4;
UPDATE u SET k = 'STRASSE  ' WHERE id = 4;
UPDATE u SET k = 'e' WHERE id = 5;
BEGIN;
UPDATE u SET k = 'tmp' WHERE id = 1;
UPDATE u SET k = 'a' WHERE id = 2;
UPDATE u SET k = 'b' WHERE id = 1;
COMMIT;
UPDATE c SET k = UPPER(k), v = v + 10;
DELETE FROM c WHERE k = 'ü';
INSERT INTO c VALUES ('y', 1, 9);
REPLACE INTO t VALUES ('X', 33);
