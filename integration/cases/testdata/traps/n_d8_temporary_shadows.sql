-- A temporary table hides one of the same name; it is dropped in a list with another, and at the end of its session.

-- setup
CREATE TABLE t (id INT PRIMARY KEY);
CREATE TABLE u (id INT PRIMARY KEY);
CREATE TABLE gone (id INT PRIMARY KEY);
INSERT INTO t VALUES (1);
INSERT INTO u VALUES (1);
INSERT INTO gone VALUES (1);

-- workload
-- connection b
CREATE TEMPORARY TABLE t (x VARCHAR(9));
CREATE TEMPORARY TABLE u (x VARCHAR(9));
INSERT INTO t VALUES ('hidden');
TRUNCATE TABLE t;
ALTER TABLE t ADD y INT;
DROP TABLE t, gone;
DROP TEMPORARY TABLE IF EXISTS t, u;
CREATE TEMPORARY TABLE u (x VARCHAR(9));
-- connection
INSERT INTO t VALUES (2);
INSERT INTO u VALUES (2);

-- both
SELECT (SELECT COUNT(*) FROM t), (SELECT COUNT(*) FROM u);
--> 2|2
