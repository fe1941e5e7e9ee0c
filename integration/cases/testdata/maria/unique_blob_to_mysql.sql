-- Such a key is refused for MySQL: a prefix would not mean the same.
-- pairs: mariadb-mysql
-- paths: copy
-- expect: refused unsupported-now is too long for an index

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v TEXT, UNIQUE KEY (v));
