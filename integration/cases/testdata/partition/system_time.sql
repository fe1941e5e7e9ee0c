-- Partitions by SYSTEM_TIME of MariaDB are refused for MySQL.
-- pairs: mariadb-mysql
-- paths: copy
-- expect: refused unsupported-now

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME (PARTITION h HISTORY, PARTITION c CURRENT);
