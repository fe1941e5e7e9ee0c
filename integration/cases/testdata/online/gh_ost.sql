-- The order of gh-ost: shadow table, rows in pieces, changes from the log, atomic RENAME.
-- objects: except = ["_*"]

-- setup
CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(50), n INT);
INSERT INTO t (v, n) WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 300) SELECT CONCAT('row ', i), i FROM g;

-- workload
CREATE TABLE _t_ghc (id BIGINT AUTO_INCREMENT, last_update TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, hint VARCHAR(64) CHARACTER SET ascii NOT NULL, value VARCHAR(4096) CHARACTER SET ascii NOT NULL, PRIMARY KEY (id), UNIQUE KEY hint_uidx (hint)) AUTO_INCREMENT = 256;
CREATE /* gh-ost */ TABLE _t_gho LIKE t;
ALTER /* gh-ost */ TABLE _t_gho ADD COLUMN w INT NOT NULL DEFAULT 5, ADD KEY (n), MODIFY v VARCHAR(100);
INSERT INTO _t_ghc (hint, value) VALUES ('state', 'GhostTableMigrated');
INSERT /* gh-ost */ IGNORE INTO _t_gho (id, v, n) SELECT id, v, n FROM t WHERE id <= 150 LOCK IN SHARE MODE;
UPDATE t SET v = 'changed' WHERE id IN (10, 200);
REPLACE INTO _t_gho (id, v, n) VALUES (10, 'changed', 10);
INSERT IGNORE INTO _t_gho (id, v, n) SELECT id, v, n FROM t WHERE id > 150 LOCK IN SHARE MODE;
DELETE FROM t WHERE id = 5;
DELETE FROM _t_gho WHERE id = 5;
CREATE TABLE _t_del (id INT AUTO_INCREMENT PRIMARY KEY) COMMENT 'ghost-cut-over-sentry';
DROP TABLE _t_del;
RENAME TABLE t TO _t_del, _t_gho TO t;
INSERT INTO t (v, n, w) VALUES ('after', 1000, 6);
UPDATE t SET w = 9 WHERE id = 10;
DROP TABLE IF EXISTS _t_ghc, _t_del;
