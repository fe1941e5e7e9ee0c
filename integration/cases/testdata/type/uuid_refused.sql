-- UUID has no counterpart in MySQL.
-- pairs: mariadb-mysql
-- paths: copy
-- expect: refused unsupported-now has no type UUID

-- setup
CREATE TABLE t (id INT PRIMARY KEY, u UUID);
