-- REPLACE removes two rows at once for their unique values, and the children of both with them.
-- pairs: mysql mariadb

-- setup
CREATE TABLE up (id INT PRIMARY KEY, u INT, UNIQUE KEY (u));
INSERT INTO up VALUES (1, 10), (2, 20), (3, 30), (4, 40);
CREATE TABLE down (id INT PRIMARY KEY, up INT NOT NULL, CONSTRAINT fk FOREIGN KEY (up) REFERENCES up (id) ON DELETE CASCADE);
INSERT INTO down VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 1), (6, 2);

-- workload
REPLACE INTO up VALUES (1, 20);
INSERT INTO down VALUES (7, 1);
INSERT INTO up VALUES (3, 30) ON DUPLICATE KEY UPDATE u = 35;
REPLACE INTO up VALUES (5, 40), (6, 35);
