-- Triggers of the source fire for what is written and for what foreign keys do: their rows are in the log and are written once.
-- pairs: mysql mariadb

-- setup
CREATE TABLE up (id INT PRIMARY KEY);
CREATE TABLE down (id INT PRIMARY KEY, up INT NOT NULL, CONSTRAINT fk FOREIGN KEY (up) REFERENCES up (id) ON DELETE CASCADE);
CREATE TABLE audit (n INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20), id INT);
INSERT INTO up VALUES (1), (2), (3);
INSERT INTO down VALUES (1, 1), (2, 1), (3, 2), (4, 3);
CREATE TRIGGER up_d AFTER DELETE ON up FOR EACH ROW INSERT INTO audit (what, id) VALUES ('up gone', OLD.id);
CREATE TRIGGER down_d AFTER DELETE ON down FOR EACH ROW INSERT INTO audit (what, id) VALUES ('down gone', OLD.id);
CREATE TRIGGER down_i AFTER INSERT ON down FOR EACH ROW INSERT INTO audit (what, id) VALUES ('down new', NEW.id);

-- workload
INSERT INTO down VALUES (5, 3);
DELETE FROM up WHERE id = 1;
DELETE FROM down WHERE id = 3;
DELETE FROM up WHERE id > 1;

-- same
SELECT what, id, COUNT(*) FROM audit GROUP BY what, id ORDER BY what, id;
