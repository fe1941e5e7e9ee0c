-- A unique key over a whole TEXT or BLOB, which MariaDB keeps by a hidden column, is refused.
-- pairs: mariadb mariadb-mysql
-- paths: copy
-- expect: refused unsupported-now covers the whole of

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v TEXT, UNIQUE KEY (v));
