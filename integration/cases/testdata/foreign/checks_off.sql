-- Rows without a parent, loaded with checks off, and tables dropped out of order.

-- setup
SET foreign_key_checks = 0;
CREATE TABLE c (id INT PRIMARY KEY, p INT, CONSTRAINT co FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE);
INSERT INTO c VALUES (1, 1), (2, 2), (3, 99);
CREATE TABLE p (id INT PRIMARY KEY);
INSERT INTO p VALUES (1), (2);

-- workload
SET foreign_key_checks = 0;
DELETE FROM p WHERE id = 1;
INSERT INTO c VALUES (4, 77);
UPDATE p SET id = 5 WHERE id = 2;
SET foreign_key_checks = 1;
INSERT INTO p VALUES (77), (99);
DELETE FROM p WHERE id IN (99);
SET foreign_key_checks = 0;
TRUNCATE TABLE p;
INSERT INTO p VALUES (1);
SET foreign_key_checks = 1;
DELETE FROM p WHERE id = 1;
