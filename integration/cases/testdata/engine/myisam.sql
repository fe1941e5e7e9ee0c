-- MyISAM tables become InnoDB; statements that fail half way leave what they did.

-- setup
CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20), UNIQUE KEY (v), FULLTEXT KEY (v)) ENGINE = MyISAM;
INSERT INTO t (v) VALUES ('a'), ('b'), ('c');
CREATE TABLE k (v INT) ENGINE = MyISAM;
INSERT INTO k VALUES (1), (1), (2);
CREATE TABLE i (id INT PRIMARY KEY, v INT) ENGINE = InnoDB;

-- workload
-- fails 1062
INSERT INTO t (v) VALUES ('d'), ('e'), ('a'), ('f');
UPDATE t SET v = CONCAT(v, '!');
DELETE FROM k WHERE v = 1 LIMIT 1;
INSERT INTO k VALUES (3), (3);
ALTER TABLE t ADD COLUMN n INT DEFAULT 4;
INSERT INTO t (v, n) VALUES ('g', 5);
ALTER TABLE k ENGINE = InnoDB;
UPDATE k SET v = 9 WHERE v = 3 LIMIT 1;
CREATE TABLE m (id INT PRIMARY KEY, v CHAR(5)) ENGINE = MyISAM;
INSERT INTO m VALUES (1, 'x'), (2, 'y');
DELETE FROM m WHERE id = 1;
