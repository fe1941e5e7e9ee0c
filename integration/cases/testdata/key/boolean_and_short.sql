-- Keys with few values: BOOLEAN, BIT(1), SET and CHAR(1), all rows changed over and over.

-- setup
CREATE TABLE b (k BOOLEAN PRIMARY KEY, v INT);
CREATE TABLE i (k BIT(1) PRIMARY KEY, v INT);
CREATE TABLE s (k SET('a','b') PRIMARY KEY, v INT);
CREATE TABLE c (k CHAR(1) PRIMARY KEY, v INT);
INSERT INTO b VALUES (TRUE, 1), (FALSE, 2);
INSERT INTO i VALUES (b'1', 1), (b'0', 2);
INSERT INTO s VALUES ('', 1), ('a', 2), ('b', 3), ('a,b', 4);
INSERT INTO c VALUES ('', 1), ('a', 2), ('é', 3), ('_', 4), ('%', 5), ('\\', 6);

-- workload
UPDATE b SET k = 2 WHERE k = TRUE;
UPDATE b SET k = TRUE WHERE k = FALSE;
UPDATE b SET k = FALSE WHERE k = 2;
UPDATE i SET v = v + 10;
DELETE FROM i WHERE k = b'0';
INSERT INTO i VALUES (b'0', 9);
UPDATE s SET v = v + 10;
DELETE FROM s WHERE k = '';
UPDATE s SET k = '' WHERE k = 'a,b';
INSERT INTO s VALUES (3, 30);
UPDATE c SET v = v + 10;
DELETE FROM c WHERE k = '';
UPDATE c SET k = '' WHERE k = '%';
UPDATE c SET k = 'A' WHERE k = 'a';
