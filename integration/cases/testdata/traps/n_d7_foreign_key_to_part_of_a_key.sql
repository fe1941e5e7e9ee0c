-- A foreign key to columns that are not unique, and one written at its column: what the source does not enforce the target must not.
-- pairs: mariadb mariadb-mysql

-- setup
CREATE TABLE up (id INT PRIMARY KEY, g INT, n INT, KEY (g, n));
INSERT INTO up VALUES (1, 7, 1), (2, 7, 2), (3, 8, 1);
CREATE TABLE down (id INT PRIMARY KEY, g INT, CONSTRAINT fk FOREIGN KEY (g) REFERENCES up (g));
INSERT INTO down VALUES (1, 7), (2, 8);

-- workload
INSERT INTO down VALUES (3, 7);
-- fails 1451
DELETE FROM up WHERE id = 1;
CREATE TABLE inline (id INT PRIMARY KEY, u INT REFERENCES up (id), CHECK (id > 0));
INSERT INTO inline VALUES (1, 2);
UPDATE down SET g = NULL WHERE id = 2;
DELETE FROM up WHERE id = 3;
