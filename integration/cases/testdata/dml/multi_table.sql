-- UPDATE and DELETE over several tables, joins, and ORDER BY with LIMIT.

-- setup
CREATE TABLE a (id INT PRIMARY KEY, v INT);
CREATE TABLE b (id INT PRIMARY KEY, a INT, v INT);
CREATE TABLE {db2}.c (id INT PRIMARY KEY, v INT);
INSERT INTO a VALUES (1, 1), (2, 2), (3, 3), (4, 4);
INSERT INTO b VALUES (10, 1, 1), (20, 2, 2), (21, 2, 3), (30, 3, 4), (90, 9, 9);
INSERT INTO {db2}.c VALUES (1, 1), (2, 2), (3, 3);

-- workload
UPDATE a JOIN b ON b.a = a.id SET a.v = a.v + b.v, b.v = b.v * 10;
UPDATE a, {db2}.c SET a.v = c.v, c.v = a.v + 100 WHERE a.id = c.id AND a.id < 3;
DELETE a, b FROM a JOIN b ON b.a = a.id WHERE a.id = 2;
DELETE FROM b USING b LEFT JOIN a ON a.id = b.a WHERE a.id IS NULL;
DELETE FROM a ORDER BY v DESC LIMIT 1;
UPDATE {db2}.c SET v = v + 1 ORDER BY id DESC LIMIT 2;
DELETE {db2}.c, b FROM {db2}.c JOIN b ON b.a = c.id;
UPDATE b SET v = 0 WHERE a IN (SELECT id FROM a);
