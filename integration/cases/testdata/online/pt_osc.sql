-- The order of pt-online-schema-change: triggers keep a shadow table that is selected too.

-- setup
CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(50), n INT);
INSERT INTO t (v, n) VALUES ('a', 1), ('b', 2), ('c', 3), ('d', 4);

-- workload
CREATE TABLE t_new LIKE t;
ALTER TABLE t_new ADD COLUMN w INT NOT NULL DEFAULT 5, ADD UNIQUE KEY (n);
CREATE TRIGGER pt_del AFTER DELETE ON t FOR EACH ROW DELETE IGNORE FROM t_new WHERE t_new.id <=> OLD.id;
CREATE TRIGGER pt_upd AFTER UPDATE ON t FOR EACH ROW REPLACE INTO t_new (id, v, n) VALUES (NEW.id, NEW.v, NEW.n);
CREATE TRIGGER pt_ins AFTER INSERT ON t FOR EACH ROW REPLACE INTO t_new (id, v, n) VALUES (NEW.id, NEW.v, NEW.n);
INSERT INTO t (v, n) VALUES ('e', 5);
UPDATE t SET v = 'changed' WHERE id = 1;
DELETE FROM t WHERE id = 2;
INSERT LOW_PRIORITY IGNORE INTO t_new (id, v, n) SELECT id, v, n FROM t LOCK IN SHARE MODE;
UPDATE t SET n = n + 10;
RENAME TABLE t TO t_old, t_new TO t;
INSERT INTO t (v, n) VALUES ('after', 99);
DROP TRIGGER pt_del;
DROP TRIGGER pt_upd;
DROP TRIGGER pt_ins;
DROP TABLE t_old;
UPDATE t SET w = 6 WHERE id = 1;
