-- A unique key over a whole TEXT, which MariaDB keeps by a hash.
-- pairs: mariadb

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v TEXT, b BLOB, UNIQUE KEY (v), UNIQUE KEY (b));
INSERT INTO t VALUES (1, 'a', 0x01), (2, 'b', 0x02), (3, NULL, NULL), (4, REPEAT('x', 5000), REPEAT(0x00, 5000));

-- workload
BEGIN;
UPDATE t SET v = 'tmp' WHERE id = 1;
UPDATE t SET v = 'A ' WHERE id = 2;
UPDATE t SET v = 'B' WHERE id = 1;
COMMIT;
UPDATE t SET b = CONCAT(b, 0x01) WHERE id = 4;
DELETE FROM t WHERE id = 3;
INSERT INTO t VALUES (5, REPEAT('x', 5001), NULL);
