-- A sequence that appears while the log is followed stops the run.
-- pairs: mariadb mariadb-mysql
-- paths: stream
-- expect: stops ddl_refused

-- setup
CREATE TABLE t (id INT PRIMARY KEY);

-- workload
CREATE SEQUENCE s START WITH 100;
