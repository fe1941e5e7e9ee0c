-- ON UPDATE CASCADE of composite keys, and parents that exchange their keys.

-- setup
CREATE TABLE a (x INT, y INT, v INT, PRIMARY KEY (x, y));
CREATE TABLE b (x INT, y INT, n INT, v INT, PRIMARY KEY (n), KEY (x, y), CONSTRAINT ouo_b FOREIGN KEY (x, y) REFERENCES a (x, y) ON UPDATE CASCADE ON DELETE CASCADE);
CREATE TABLE c (k VARCHAR(10) PRIMARY KEY, v INT);
CREATE TABLE d (k VARCHAR(10), n INT, PRIMARY KEY (k, n), CONSTRAINT ouo_d FOREIGN KEY (k) REFERENCES c (k) ON UPDATE CASCADE);
INSERT INTO a VALUES (1, 1, 1), (1, 2, 2), (2, 1, 3);
INSERT INTO b VALUES (1, 1, 1, 1), (1, 1, 2, 2), (1, 2, 3, 3), (NULL, 1, 4, 4);
INSERT INTO c VALUES ('a', 1), ('b', 2), ('c', 3);
INSERT INTO d VALUES ('a', 1), ('a', 2), ('b', 1);

-- workload
UPDATE a SET y = 9 WHERE x = 1 AND y = 1;
BEGIN;
UPDATE a SET x = 100 WHERE x = 1 AND y = 2;
UPDATE a SET x = 1, y = 2 WHERE x = 1 AND y = 9;
UPDATE a SET y = 9 WHERE x = 100;
COMMIT;
UPDATE b SET v = v + 10 WHERE x = 1;
DELETE FROM a WHERE x = 2;
BEGIN;
UPDATE c SET k = 'tmp' WHERE k = 'a';
UPDATE c SET k = 'a' WHERE k = 'b';
UPDATE c SET k = 'b' WHERE k = 'tmp';
COMMIT;
UPDATE d SET n = n + 10;
UPDATE c SET k = 'B' WHERE k = 'b';
DELETE FROM c WHERE k = 'c';
