-- Charsets of one flavour only are carried within it, and refused in words for the other.
-- pairs: mysql

-- setup
CREATE TABLE t (k VARCHAR(20) CHARACTER SET gb18030 PRIMARY KEY, v VARCHAR(20) CHARACTER SET eucjpms);
INSERT INTO t VALUES ('中', '髙'), ('😀', '①'), ('a', 'b');

-- workload
UPDATE t SET v = '表' WHERE k = 'A';
UPDATE t SET k = 'A' WHERE k = 'a';
INSERT INTO t VALUES ('한', 'ｱ');
DELETE FROM t WHERE k = '中';
