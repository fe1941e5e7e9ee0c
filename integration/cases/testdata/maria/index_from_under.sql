-- A foreign key whose referenced columns lose their index while foreign_key_checks are off does nothing until they have one again.
-- pairs: mariadb

-- setup
CREATE TABLE p (a INT NOT NULL PRIMARY KEY, v INT NOT NULL);
CREATE TABLE c (id INT PRIMARY KEY, r INT, KEY (r), CONSTRAINT f FOREIGN KEY (r) REFERENCES p (a) ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE q (a INT NOT NULL PRIMARY KEY, b INT NOT NULL, KEY k (b));
CREATE TABLE d (id INT PRIMARY KEY, b INT, a INT, KEY (b, a), CONSTRAINT g FOREIGN KEY (b, a) REFERENCES q (b, a) ON DELETE CASCADE);
INSERT INTO p VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 7), (8, 8);
INSERT INTO c SELECT a, a FROM p;
INSERT INTO q SELECT a, a * 10 FROM p;
INSERT INTO d SELECT a, a * 10, a FROM p;

-- workload
DELETE FROM p WHERE a = 1;
DELETE FROM q WHERE a = 1;
SET foreign_key_checks = 0;
ALTER TABLE p DROP PRIMARY KEY, ADD PRIMARY KEY (v, a);
ALTER TABLE q DROP KEY k;
SET foreign_key_checks = 1;
DELETE FROM p WHERE a = 2;
UPDATE p SET a = 30 WHERE a = 3;
DELETE FROM q WHERE a = 2;
ALTER TABLE p ADD KEY k (a, v);
ALTER TABLE q ADD KEY k (b);
DELETE FROM p WHERE a = 4;
UPDATE p SET a = 50 WHERE a = 5;
DELETE FROM q WHERE a = 4;
SET foreign_key_checks = 0;
ALTER TABLE p DROP KEY k, ADD KEY k (a DESC, v);
ALTER TABLE q DROP KEY k, ADD UNIQUE KEY k (b) USING HASH;
SET foreign_key_checks = 1;
DELETE FROM p WHERE a = 6;
DELETE FROM q WHERE a = 6;
SET foreign_key_checks = 0;
ALTER TABLE q DROP KEY k, ADD UNIQUE KEY k (b);
SET foreign_key_checks = 1;
DELETE FROM q WHERE a = 7;
