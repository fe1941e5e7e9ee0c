-- Foreign keys whose text columns match by collation, not by bytes.

-- setup
CREATE TABLE p (k VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT) ENGINE = InnoDB;
CREATE TABLE c (id INT PRIMARY KEY, k VARCHAR(20) COLLATE utf8mb4_general_ci, CONSTRAINT joined_by FOREIGN KEY (k) REFERENCES p (k) ON DELETE CASCADE ON UPDATE CASCADE) ENGINE = InnoDB;
INSERT INTO p VALUES ('ab', 1), ('é', 2), ('x', 3);
INSERT INTO c VALUES (1, 'AB'), (2, 'ab'), (3, 'E'), (4, 'x  '), (5, NULL);

-- workload
UPDATE p SET k = 'new' WHERE k = 'ab';
DELETE FROM p WHERE k = 'e';
UPDATE p SET k = 'X' WHERE k = 'x';
UPDATE p SET k = 'NEW' WHERE k = 'new';
INSERT INTO c VALUES (6, 'nEw');
