-- Transactions of three sessions, begun and ended in different orders.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10));
INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, 'z');

-- workload
BEGIN;
UPDATE t SET v = 'a' WHERE id = 1;
-- connection b
BEGIN;
UPDATE t SET v = 'b' WHERE id = 2;
INSERT INTO t VALUES (20, 'b');
-- connection c
START TRANSACTION WITH CONSISTENT SNAPSHOT;
INSERT INTO t VALUES (30, 'c');
-- connection b
COMMIT;
-- connection c
UPDATE t SET v = 'c' WHERE id = 20;
COMMIT;
-- connection
DELETE FROM t WHERE id = 30;
UPDATE t SET id = 40 WHERE id = 20;
COMMIT AND CHAIN;
UPDATE t SET v = 'chained' WHERE id = 3;
ROLLBACK AND CHAIN;
INSERT INTO t VALUES (50, 'chained');
COMMIT;
