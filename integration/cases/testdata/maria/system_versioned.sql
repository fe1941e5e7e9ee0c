-- System-versioned tables are refused: the log has rows of the past too.
-- pairs: mariadb mariadb-mysql
-- paths: copy
-- expect: refused unsupported-now system-versioned

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING;
