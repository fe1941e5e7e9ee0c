-- INET6 has no counterpart in MySQL; a table with it that appears later stops the run.
-- pairs: mariadb-mysql
-- paths: copy stream
-- expect copy: refused unsupported-now has no type INET6
-- expect stream: stops ddl_refused has no type INET6

-- setup
CREATE TABLE a (id INT PRIMARY KEY);

-- workload
CREATE TABLE t (id INT PRIMARY KEY, i INET6);
INSERT INTO t VALUES (1, '::1');
