-- Triggers of the source: what they do is in the log, and must not be done twice.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v INT, changed INT DEFAULT 0);
CREATE TABLE audit (n INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20), id INT);
CREATE TABLE total (k INT PRIMARY KEY, s INT);
INSERT INTO total VALUES (1, 0);
CREATE TRIGGER t_bi BEFORE INSERT ON t FOR EACH ROW SET NEW.v = NEW.v * 10;
CREATE TRIGGER t_ai AFTER INSERT ON t FOR EACH ROW INSERT INTO audit (what, id) VALUES ('insert', NEW.id);
DELIMITER //
CREATE TRIGGER t_bu BEFORE UPDATE ON t FOR EACH ROW BEGIN
  SET NEW.changed = OLD.changed + 1;
  UPDATE total SET s = s + NEW.v - OLD.v;
END//
DELIMITER ;
CREATE TRIGGER t_ad AFTER DELETE ON t FOR EACH ROW INSERT INTO audit (what, id) VALUES ('delete', OLD.id);
INSERT INTO t (id, v) VALUES (1, 1), (2, 2);

-- workload
INSERT INTO t (id, v) VALUES (3, 3), (4, 4);
UPDATE t SET v = v + 5;
DELETE FROM t WHERE id = 2;
REPLACE INTO t (id, v) VALUES (1, 7);
CREATE TRIGGER audit_ai AFTER INSERT ON audit FOR EACH ROW UPDATE total SET s = s + 1000;
INSERT INTO t (id, v) VALUES (5, 5);
DROP TRIGGER audit_ai;
DELETE FROM t;

-- both
SELECT COUNT(*) FROM audit WHERE what = 'insert';
--> 6
