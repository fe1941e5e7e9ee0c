-- Sequences of MariaDB are refused by name.
-- pairs: mariadb mariadb-mysql
-- paths: copy
-- expect: refused unsupported-now sequences are not carried

-- setup
CREATE SEQUENCE s START WITH 5 INCREMENT BY 3;
CREATE TABLE t (id INT PRIMARY KEY);
