-- Rows of a table without a key, with text of a character set whose name a MySQL warns of,
-- ENUM values go with them that only a session without strict mode writes.
-- pairs: mysql mariadb-mysql

-- setup
CREATE TABLE t (n VARCHAR(10) CHARACTER SET utf8mb3, e ENUM('a', 'b'), v INT);
INSERT IGNORE INTO t VALUES ('x', 'nothing', 1), ('y', 'a', 2), ('ü', 'nothing', 3), ('x', 'nothing', 1);

-- workload
SET sql_mode = '';
UPDATE t SET v = v + 1 WHERE n = 'ü';
UPDATE t SET e = 'none', n = 'z' WHERE v = 2;
DELETE FROM t WHERE n = 'x' LIMIT 1;
