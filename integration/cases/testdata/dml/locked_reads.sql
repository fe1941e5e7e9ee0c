-- Tables locked, flushed and handled while others write.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v INT);
CREATE TABLE u (id INT PRIMARY KEY, v INT);
INSERT INTO t VALUES (1, 1);
INSERT INTO u VALUES (1, 1);

-- workload
LOCK TABLES t WRITE, u READ;
INSERT INTO t SELECT id + 10, v FROM u;
UPDATE t SET v = v + 1;
UNLOCK TABLES;
-- connection b
BEGIN;
SELECT * FROM u WHERE id = 1 FOR UPDATE;
UPDATE u SET v = 5 WHERE id = 1;
-- connection
INSERT INTO t VALUES (2, 2);
-- connection b
COMMIT;
-- connection
FLUSH TABLES t;
CHECK TABLE t;
DO SLEEP(0);
INSERT LOW_PRIORITY INTO t VALUES (3, 3);
INSERT HIGH_PRIORITY INTO u VALUES (2, 2);
DELETE QUICK FROM t WHERE id = 1;
