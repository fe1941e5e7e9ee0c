-- System-versioned tables are refused for MySQL.
-- pairs: mariadb-mysql
-- paths: copy
-- expect: refused unsupported-now versioning

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING;
