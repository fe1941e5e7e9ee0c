-- A parent that is not selected: what it does to selected rows is carried.
-- pairs: mariadb-mysql

-- setup
CREATE TABLE {other}.p (id INT PRIMARY KEY, v INT);
CREATE TABLE c (id INT PRIMARY KEY, p INT, v INT, CONSTRAINT up_c FOREIGN KEY (p) REFERENCES {other}.p (id) ON DELETE CASCADE);
INSERT INTO {other}.p VALUES (1, 1), (2, 2), (3, 3);
INSERT INTO c VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 1, 4);

-- workload
UPDATE c SET v = v + 1;
DELETE FROM {other}.p WHERE id = 1;
UPDATE {other}.p SET v = 9;
DELETE FROM c WHERE id = 2;
