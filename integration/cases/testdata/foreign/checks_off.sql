-- Rows without a parent, loaded with checks off, and tables dropped out of order.
-- Parents that go, or change their key, with checks off leave their children.

-- setup
SET foreign_key_checks = 0;
CREATE TABLE c (id INT PRIMARY KEY, p INT, CONSTRAINT co FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE);
INSERT INTO c VALUES (1, 1), (2, 2), (3, 99), (6, 6);
CREATE TABLE p (id INT PRIMARY KEY);
INSERT INTO p VALUES (1), (2), (6);
CREATE TABLE q (id INT PRIMARY KEY, k INT UNIQUE, v INT);
CREATE TABLE d (id INT PRIMARY KEY, k INT, FOREIGN KEY (k) REFERENCES q (k) ON UPDATE SET NULL ON DELETE SET NULL);
INSERT INTO q VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4);
INSERT INTO d VALUES (1, 1), (2, 2), (3, 3), (4, 4);

-- workload
SET foreign_key_checks = 0;
DELETE FROM p WHERE id IN (1, 6);
UPDATE q SET k = 20 WHERE id = 2;
DELETE FROM q WHERE id = 3;
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
UPDATE q SET v = 10 WHERE id = 1;
UPDATE q SET k = 40 WHERE id = 4;
