-- A default taken from a sequence is refused for MySQL.
-- pairs: mariadb-mysql
-- paths: copy
-- expect: refused unsupported-now sequence

-- setup
CREATE SEQUENCE {other}.s;
CREATE TABLE t (id INT PRIMARY KEY DEFAULT NEXTVAL({other}.s));
