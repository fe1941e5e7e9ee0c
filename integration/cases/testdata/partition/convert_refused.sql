-- A partition that becomes a table takes its rows along, and none of that is in the log.
-- pairs: mariadb mariadb-mysql
-- paths: stream
-- expect: stops ddl_refused CONVERT moves rows

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v INT) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20));
INSERT INTO t VALUES (1, 1), (11, 11);

-- workload
ALTER TABLE t CONVERT PARTITION p1 TO TABLE q;
