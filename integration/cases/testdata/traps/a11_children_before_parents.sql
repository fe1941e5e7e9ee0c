-- A session without foreign key checks loads children first, and some without parents.

-- setup
CREATE TABLE up (id INT PRIMARY KEY);
CREATE TABLE down (id INT PRIMARY KEY, up INT, CONSTRAINT fk FOREIGN KEY (up) REFERENCES up (id) ON DELETE CASCADE);
INSERT INTO up VALUES (1);

-- workload
SET SESSION foreign_key_checks = 0;
INSERT INTO down VALUES (1, 7), (2, 1), (3, 999);
INSERT INTO up VALUES (7);
DELETE FROM up WHERE id = 1;
SET SESSION foreign_key_checks = 1;
DELETE FROM up WHERE id = 7;
INSERT INTO up VALUES (8);
INSERT INTO down VALUES (4, 8);

-- both
SELECT id, up FROM down ORDER BY id;
--> 2|1
--> 3|999
--> 4|8
