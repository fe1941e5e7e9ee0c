-- Labels with backslashes, made and changed with and without NO_BACKSLASH_ESCAPES.

-- setup
CREATE TABLE a (id INT PRIMARY KEY, s SET('a','i\\j','i\\\\j'), e ENUM('x''y','c:\\d'));
INSERT INTO a VALUES (1, 'a,i\\j', 'c:\\d'), (2, 'i\\\\j', 'x''y');
SET sql_mode = 'NO_BACKSLASH_ESCAPES';
CREATE TABLE n (id INT PRIMARY KEY, s SET('a','i\\j','i\j'), e ENUM('x''y','c:\d'));
INSERT INTO n VALUES (1, 'a,i\\j', 'c:\d'), (2, 'i\j', 'x''y');

-- workload
SET sql_mode = 'NO_BACKSLASH_ESCAPES';
CREATE TABLE m (id INT PRIMARY KEY, s SET('a','i\\j','i\j') CHARACTER SET latin1, e ENUM('x''y','c:\d'));
INSERT INTO m VALUES (1, 'a,i\\j', 'c:\d'), (2, 'i\j', 'x''y');
ALTER TABLE a ADD t SET('q','i\\j');
INSERT INTO a VALUES (3, NULL, NULL, 'i\\j');
ALTER TABLE n MODIFY s SET('a','i\\j','i\j','z\');
UPDATE n SET s = 'z\,i\\j' WHERE id = 2;
CREATE TABLE l LIKE m;
INSERT INTO l SELECT * FROM m;
CREATE TABLE k (d VARCHAR(20) DEFAULT 'a\b' COMMENT 'c:\d', PRIMARY KEY (id)) SELECT * FROM m;
INSERT INTO k (id, s) VALUES (3, 'i\j');
SET sql_mode = '';
ALTER TABLE n ADD u SET('q','i\\j');
INSERT INTO n VALUES (3, NULL, NULL, 'i\\j');
ALTER TABLE m MODIFY e ENUM('x''y','c:\\d','more\\');
UPDATE m SET e = 'more\\' WHERE id = 1;

-- same
SELECT id, HEX(s), HEX(e), HEX(t) FROM a ORDER BY id;
SELECT id, HEX(s), HEX(e), HEX(u) FROM n ORDER BY id;
SELECT id, HEX(s), HEX(e) FROM m ORDER BY id;
SELECT id, HEX(s), HEX(e) FROM l ORDER BY id;
SELECT id, HEX(s), HEX(e), HEX(d) FROM k ORDER BY id;
