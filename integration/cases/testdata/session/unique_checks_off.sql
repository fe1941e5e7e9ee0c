-- Loads with unique and foreign key checks off.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, u INT, UNIQUE KEY (u));
INSERT INTO t VALUES (1, 1);

-- workload
SET unique_checks = 0, foreign_key_checks = 0;
INSERT INTO t VALUES (2, 2), (3, 3), (4, NULL);
UPDATE t SET u = 10 WHERE id = 1;
SET unique_checks = 1;
INSERT INTO t VALUES (5, 5);
