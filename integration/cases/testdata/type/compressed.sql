-- COMPRESSED columns are refused; one that appears later stops the run.
-- pairs: mariadb mariadb-mysql
-- paths: copy stream
-- expect copy: refused unsupported-now COMPRESSED
-- expect stream: stops ddl_refused COMPRESSED

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v TEXT);
INSERT INTO t VALUES (1, 'x');

-- workload
ALTER TABLE t MODIFY v TEXT COMPRESSED;
