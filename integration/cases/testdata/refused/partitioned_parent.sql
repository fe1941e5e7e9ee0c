-- MySQL takes no foreign key to a table with partitions; MariaDB makes one while it does not check.
-- pairs: mariadb-mysql
-- paths: copy
-- expect: refused unsupported-now which has partitions

-- setup
SET foreign_key_checks = 0;
CREATE TABLE p (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2;
CREATE TABLE c (id INT PRIMARY KEY, p INT, CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id));
