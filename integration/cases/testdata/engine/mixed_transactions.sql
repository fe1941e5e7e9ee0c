-- Transactions over MyISAM and InnoDB, committed and rolled back. A MySQL with GTIDs takes none.
-- pairs: mariadb mariadb-mysql

-- setup
CREATE TABLE m (id INT PRIMARY KEY, v INT) ENGINE = MyISAM;
CREATE TABLE i (id INT PRIMARY KEY, v INT) ENGINE = InnoDB;
INSERT INTO m VALUES (1, 1);
INSERT INTO i VALUES (1, 1);

-- workload
BEGIN;
INSERT INTO m VALUES (2, 2);
INSERT INTO i VALUES (2, 2);
COMMIT;
BEGIN;
INSERT INTO m VALUES (4, 4);
INSERT INTO m VALUES (5, 5);
ROLLBACK;
INSERT INTO i VALUES (6, 6);
