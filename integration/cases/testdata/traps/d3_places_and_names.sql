-- Columns of one type change places and names while rows come: each row belongs to the definition of its time.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT);
INSERT INTO t VALUES (1, 10, 20), (2, 11, 21);

-- workload
INSERT INTO t VALUES (3, 12, 22);
ALTER TABLE t MODIFY a INT AFTER b;
INSERT INTO t VALUES (4, 23, 13);
UPDATE t SET a = a + 1;
ALTER TABLE t CHANGE a c INT, CHANGE b a INT;
INSERT INTO t VALUES (5, 24, 14);
ALTER TABLE t ADD b INT FIRST;
UPDATE t SET b = a WHERE id > 2;
DELETE FROM t WHERE id = 1;

-- both
SELECT id, a, b, c FROM t ORDER BY id;
--> 2|21|NULL|12
--> 3|22|22|13
--> 4|23|23|14
--> 5|24|24|14
