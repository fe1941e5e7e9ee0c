-- Rows that ALTER numbers in steps: the first number depends on how a server alters the table.

-- setup
CREATE TABLE p (id INT PRIMARY KEY, v INT);
CREATE TABLE g (id INT PRIMARY KEY, v INT, w INT GENERATED ALWAYS AS (v * 2) VIRTUAL);
CREATE TABLE c (id INT PRIMARY KEY, v INT);
INSERT INTO p VALUES (1, 1), (2, 2), (3, 3);
INSERT INTO g (id, v) VALUES (1, 1), (2, 2), (3, 3);
INSERT INTO c VALUES (1, 1), (2, 2), (3, 3);

-- workload
SET SESSION auto_increment_increment = 7, auto_increment_offset = 2;
INSERT INTO p VALUES (4, 4);
ALTER TABLE p ADD COLUMN n BIGINT NOT NULL AUTO_INCREMENT, ADD UNIQUE KEY (n);
INSERT INTO g (id, v) VALUES (4, 4);
ALTER TABLE g ADD COLUMN n INT NOT NULL AUTO_INCREMENT AFTER v, ADD UNIQUE KEY (n);
INSERT INTO c VALUES (4, 4);
ALTER TABLE c ADD COLUMN n INT NOT NULL AUTO_INCREMENT FIRST, ADD UNIQUE KEY (n), ALGORITHM=COPY;
UPDATE p SET v = v + n WHERE id = 2;
UPDATE g SET v = v + n WHERE id = 2;
UPDATE c SET v = v + n WHERE id = 2;
INSERT INTO c (id, v) VALUES (5, 5);
