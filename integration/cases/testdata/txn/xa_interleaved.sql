-- XA transactions that are prepared while others commit, and ended by another session.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v INT);
INSERT INTO t VALUES (1, 1), (2, 2), (3, 3);

-- workload
-- connection a
XA START '{db}a';
UPDATE t SET v = 10 WHERE id = 1;
INSERT INTO t VALUES (100, 1);
XA END '{db}a';
XA PREPARE '{db}a';
-- connection b
XA START '{db}b';
UPDATE t SET v = 20 WHERE id = 2;
XA END '{db}b';
XA PREPARE '{db}b';
-- connection
INSERT INTO t VALUES (200, 2);
UPDATE t SET v = 30 WHERE id = 3;
-- connection b
XA COMMIT '{db}b';
-- connection
UPDATE t SET v = v + 1 WHERE id IN (2, 3, 200);
-- connection a
XA ROLLBACK '{db}a';
-- connection
INSERT INTO t VALUES (100, 9);
-- connection a
XA START '{db}c';
DELETE FROM t WHERE id = 1;
XA END '{db}c';
XA PREPARE '{db}c';
-- connection
INSERT INTO t VALUES (300, 3);
-- connection a
XA COMMIT '{db}c';
-- connection
INSERT INTO t VALUES (1, 111);
