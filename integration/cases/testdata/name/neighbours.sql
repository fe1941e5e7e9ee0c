-- Databases and tables that a pattern might take by mistake.
-- objects: except = ["_*", "t?x", "log*"]

-- setup
CREATE TABLE keep (id INT PRIMARY KEY);
CREATE TABLE t_x2 (id INT PRIMARY KEY);
CREATE TABLE clog (id INT PRIMARY KEY);
CREATE TABLE {other}.keep (id INT PRIMARY KEY, other INT);
INSERT INTO keep VALUES (1);
INSERT INTO {other}.keep VALUES (5, 5);

-- workload
INSERT INTO t_x2 VALUES (2);
INSERT INTO clog VALUES (3);
UPDATE {other}.keep SET other = 6;
ALTER TABLE {other}.keep ADD COLUMN z INT;
DROP TABLE {other}.keep;
INSERT INTO keep VALUES (2);
CREATE TABLE _gone (id INT PRIMARY KEY);
INSERT INTO _gone VALUES (1);
CREATE TABLE {other}.t (id INT PRIMARY KEY) SELECT id FROM keep;
DROP TABLE _gone;
