-- A conversion of which one server makes equal values and the other does not: the table is copied anew, and its rows are in nobody's way.
-- pairs: mariadb-mysql

-- setup
CREATE TABLE a (id INT PRIMARY KEY, c TIME(3), UNIQUE KEY (c));
CREATE TABLE k (id INT PRIMARY KEY, a INT, KEY (a), CONSTRAINT fk FOREIGN KEY (a) REFERENCES a (id) ON DELETE CASCADE);
INSERT INTO a VALUES (1, '12:34:56.700'), (2, '12:34:57.000'), (3, '-00:00:00.500'), (4, NULL);
INSERT INTO k VALUES (1, 1), (2, 2), (3, 3);

-- workload
INSERT INTO a VALUES (5, '01:00:00');
SET SESSION foreign_key_checks = 0;
ALTER TABLE a MODIFY c BIGINT;
SET SESSION foreign_key_checks = 1;
INSERT INTO a VALUES (6, 7);
DELETE FROM a WHERE id = 2;
