-- ALTER TABLE … CONVERT TO changes the bytes of every row, and may widen types.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(50), x TEXT, c CHAR(10), u VARCHAR(20), UNIQUE KEY (u)) DEFAULT CHARSET latin1;
INSERT INTO t VALUES (1, 'é€ü', 'ß', 'ä', 'a'), (2, '', NULL, '', 'b'), (3, 'plain', 'plain', 'plain', 'ö');
CREATE TABLE s (id INT PRIMARY KEY, v VARCHAR(50)) DEFAULT CHARSET sjis;
INSERT INTO s VALUES (1, '表'), (2, 'ソ');
CREATE TABLE b (id INT PRIMARY KEY, v VARCHAR(50)) DEFAULT CHARSET latin1;
INSERT INTO b VALUES (1, 'é'), (2, 'ü');

-- workload
INSERT INTO t VALUES (4, 'before ü', 'ü', 'ü', 'ü');
ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
INSERT INTO t VALUES (5, 'after 😀', '😀', '😀', '😀');
UPDATE t SET v = CONCAT(v, ' ё') WHERE id < 3;
ALTER TABLE s CONVERT TO CHARACTER SET utf8mb4;
UPDATE s SET v = CONCAT(v, '한') WHERE id = 1;
ALTER TABLE b MODIFY v VARBINARY(50);
INSERT INTO b VALUES (3, 0xFF00);
ALTER TABLE b MODIFY v VARCHAR(50) CHARACTER SET latin1;
UPDATE b SET v = CONCAT(v, 'x');
DELETE FROM t WHERE id = 5;
ALTER TABLE t CONVERT TO CHARACTER SET utf8mb3;
