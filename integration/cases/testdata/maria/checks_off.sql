-- Rows that a CHECK would turn away, written while nothing was checked.
-- pairs: mariadb

-- setup
CREATE TABLE t (id INT PRIMARY KEY, a INT CHECK (a < 10), b INT, CONSTRAINT c CHECK (b > a));
SET check_constraint_checks = 0;
INSERT INTO t VALUES (1, 11, 1);
SET check_constraint_checks = 1;

-- workload
SET check_constraint_checks = 0;
INSERT INTO t VALUES (2, 12, 2), (3, 3, 3);
UPDATE t SET b = -1 WHERE id = 1;
SET check_constraint_checks = 1;
-- fails 4025
INSERT INTO t VALUES (4, 12, 13);
SET check_constraint_checks = 0;
ALTER TABLE t ADD CONSTRAINT d CHECK (id > 2), ALGORITHM = COPY;
SET check_constraint_checks = 1;
INSERT INTO t VALUES (5, 5, 6);

-- both
SELECT id, a, b FROM t ORDER BY id;
--> 1|11|-1
--> 2|12|2
--> 3|3|3
--> 5|5|6
