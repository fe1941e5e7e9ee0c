-- Statements that fail on the source change nothing on the target.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v INT NOT NULL);
INSERT INTO t VALUES (1, 1), (2, 1);

-- workload
-- fails 1062
ALTER TABLE t ADD UNIQUE KEY (v);
-- fails 1060
ALTER TABLE t ADD COLUMN v INT;
-- fails 1050
CREATE TABLE t (id INT);
INSERT INTO t VALUES (3, 3);
-- fails 1051
DROP TABLE missing, t;
-- on mariadb
CREATE TABLE t (id INT PRIMARY KEY, v INT NOT NULL);
INSERT INTO t VALUES (1, 1);
-- on any
-- fails 1146
RENAME TABLE missing TO m, t TO u;
UPDATE t SET v = v + 1;
-- fails 1091
ALTER TABLE t DROP COLUMN zz, ADD COLUMN w INT;
