-- Rows without a key that ALTER numbers: the source's numbers are carried.
-- paths: stream window

-- setup
CREATE TABLE t (a INT, b VARCHAR(10));
INSERT INTO t VALUES (3, 'c'), (1, 'a'), (2, 'b'), (1, 'a');

-- workload
INSERT INTO t VALUES (9, 'i');
DELETE FROM t WHERE a = 3;
INSERT INTO t VALUES (4, 'd');
ALTER TABLE t ADD COLUMN id INT NOT NULL AUTO_INCREMENT PRIMARY KEY FIRST;
INSERT INTO t (a, b) VALUES (5, 'e');
UPDATE t SET b = 'first' WHERE id = 1;
