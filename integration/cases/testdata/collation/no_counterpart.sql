-- A collation that MySQL has under no name is refused.
-- pairs: mariadb-mysql
-- paths: copy stream
-- expect copy: refused unsupported-now collation
-- expect stream: stops ddl_refused collation

-- setup
CREATE TABLE a (id INT PRIMARY KEY);

-- workload
CREATE TABLE t (k VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_swedish_nopad_ci PRIMARY KEY, v INT);
