-- ENUM and SET: many members, the value 0, strange labels, and as keys.

-- setup
SET SESSION sql_mode = '';
CREATE TABLE t (id INT PRIMARY KEY, e ENUM('a','b','it''s','back\\slash','dou"ble','€','ö',' lead','comma,in'), s SET('x','y','it''s','q\\','€','with blank'), n ENUM('0','1','2') NOT NULL DEFAULT '2', em ENUM('','x'));
INSERT INTO t VALUES (1, 'a', '', '0', ''), (2, 'it''s', 'it''s,q\\', '1', 'x'), (3, 'back\\slash', 'x,y,it''s,q\\,€,with blank', '2', NULL), (4, 'bad', 'bad', 'bad', 'bad'), (5, NULL, NULL, '0', ''),
  (6, '€', '€', 2, 1), (7, 'comma,in', 'with blank', 0, 0), (8, ' lead', 3, 1, 2), (9, 'dou"ble', 63, '1', 'x');
CREATE TABLE k (e ENUM('z','m','a'), s SET('b','a','c'), v INT, PRIMARY KEY (e, s));
INSERT INTO k VALUES ('z', 'a,b', 1), ('m', '', 2), ('a', 'c', 3), ('a', 'a,b,c', 4), ('bad', '', 5);

-- workload
SET SESSION sql_mode = '';
INSERT INTO t SELECT id + 10, e, s, n, em FROM t;
UPDATE t SET e = 'bad', s = CONCAT(s, ',y') WHERE id IN (11, 12);
UPDATE t SET e = e + 1 WHERE id IN (12, 16);
UPDATE k SET v = v + 10;
UPDATE k SET e = 'm' WHERE v = 13;
DELETE FROM k WHERE e = 0;
INSERT INTO k VALUES ('z', 0, 7), (0, 'c', 8);
ALTER TABLE t MODIFY e ENUM('new','a','b','it''s','back\\slash','dou"ble','€','ö',' lead','comma,in');
INSERT INTO t (id, e, s) VALUES (50, 'new', 'x'), (51, 'a', 'y');
UPDATE t SET e = 'new' WHERE id = 13;
