-- A view whose table is gone is left out, and named; the others are carried, and dropping it is fine.
-- paths: stream

-- setup
CREATE TABLE t (id INT PRIMARY KEY);
CREATE TABLE gone (id INT PRIMARY KEY);
INSERT INTO t VALUES (1);
CREATE VIEW good AS SELECT id FROM t;
CREATE VIEW bad AS SELECT id FROM gone;
DROP TABLE gone;

-- workload
INSERT INTO t VALUES (2);
DROP VIEW bad;
CREATE VIEW better AS SELECT id FROM good;
