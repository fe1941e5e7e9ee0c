-- A rolled back transaction of which the MyISAM half stays.
-- pairs: mariadb mariadb-mysql

-- setup
CREATE TABLE m (id INT PRIMARY KEY, v INT) ENGINE = MyISAM;
CREATE TABLE i (id INT PRIMARY KEY, v INT) ENGINE = InnoDB;
INSERT INTO m VALUES (1, 1);
INSERT INTO i VALUES (1, 1);

-- workload
BEGIN;
INSERT INTO i VALUES (3, 3);
UPDATE m SET v = 10;
ROLLBACK;
