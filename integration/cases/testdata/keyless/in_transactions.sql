-- Changes of changed rows inside one transaction, and over several sessions.

-- setup
CREATE TABLE t (v INT, w VARCHAR(10));
INSERT INTO t VALUES (1, 'a'), (1, 'a'), (2, 'b');

-- workload
BEGIN;
UPDATE t SET v = 2 WHERE v = 1 LIMIT 1;
UPDATE t SET v = 3 WHERE v = 2;
INSERT INTO t VALUES (1, 'a');
DELETE FROM t WHERE v = 3 AND w = 'b';
UPDATE t SET w = 'c' WHERE v = 1;
COMMIT;
-- connection b
BEGIN;
INSERT INTO t VALUES (7, 'b');
-- connection
INSERT INTO t VALUES (7, 'b');
-- connection b
INSERT INTO t VALUES (8, NULL);
COMMIT;
-- connection
DELETE FROM t WHERE v = 7 LIMIT 1;
BEGIN;
DELETE FROM t;
INSERT INTO t VALUES (1, 'a'), (1, 'a'), (9, 'z');
ROLLBACK;
UPDATE t SET v = v + 100;
