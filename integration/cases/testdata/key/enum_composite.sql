-- Keys of ENUM and SET with other columns, many rows of which go in one statement.

-- setup
CREATE TABLE t (e ENUM('z','m','a'), s SET('b','a','c'), n INT, v INT, PRIMARY KEY (e, s, n));
INSERT INTO t VALUES ('z', 'a', 1, 1), ('z', 'b', 1, 2), ('m', 'a,b', 1, 3), ('m', '', 2, 4), ('a', 'c', 3, 5), ('a', 'a,b,c', 4, 6);
CREATE TABLE u (id INT NOT NULL, e ENUM('1','2','10') NOT NULL, v INT, UNIQUE KEY (e, id));
INSERT INTO u VALUES (1, '10', 1), (1, '1', 2), (2, '2', 3), (3, '2', 4), (4, '10', 5);

-- workload
UPDATE t SET n = n + 10;
UPDATE t SET s = CONCAT_WS(',', NULLIF(s, ''), 'c') WHERE e = 'm';
BEGIN;
DELETE FROM t WHERE e = 'z';
DELETE FROM t WHERE n = 14;
INSERT INTO t VALUES ('z', 'a', 1, 10), ('z', 'b', 1, 20), ('z', 'c', 1, 30);
COMMIT;
DELETE FROM t WHERE e = 'z' AND n = 1;
INSERT INTO t VALUES ('z', '', 0, 0), ('m', '', 0, 0);
UPDATE u SET id = id + 100;
UPDATE u SET e = '1' WHERE e = '10' AND id > 101;
DELETE FROM u WHERE id < 104;
