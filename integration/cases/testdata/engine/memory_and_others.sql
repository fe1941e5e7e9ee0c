-- MEMORY, Aria, ARCHIVE and CSV tables become InnoDB.

-- setup
CREATE TABLE m (id INT PRIMARY KEY, v VARCHAR(20), KEY (v)) ENGINE = MEMORY;
INSERT INTO m VALUES (1, 'a'), (2, 'b');
-- on mariadb
CREATE TABLE a (id INT PRIMARY KEY, v TEXT) ENGINE = Aria TRANSACTIONAL = 1;
INSERT INTO a VALUES (1, 'aria'), (2, 'é');
CREATE TABLE at0 (v INT) ENGINE = Aria TRANSACTIONAL = 0;
INSERT INTO at0 VALUES (1), (1);
-- on mysql
CREATE TABLE ar (id INT NOT NULL AUTO_INCREMENT, v VARCHAR(20), PRIMARY KEY (id)) ENGINE = ARCHIVE;
INSERT INTO ar (v) VALUES ('x'), ('y');
CREATE TABLE c (a INT NOT NULL, b VARCHAR(20) NOT NULL) ENGINE = CSV;
INSERT INTO c VALUES (1, 'q"uote,'), (1, 'q"uote,');

-- workload
INSERT INTO m VALUES (3, 'c');
UPDATE m SET v = 'z' WHERE id = 1;
-- on mariadb
UPDATE a SET v = CONCAT(v, '!');
DELETE FROM at0 LIMIT 1;
-- on mysql
INSERT INTO ar (v) VALUES ('z');
INSERT INTO c VALUES (2, '');
