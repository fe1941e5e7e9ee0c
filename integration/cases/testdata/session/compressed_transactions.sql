-- Transactions that a session compresses in the log, big and small, between plain ones.
-- pairs: mysql

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT);
CREATE TABLE k (v INT);
INSERT INTO t VALUES (1, 'plain');

-- workload
SET SESSION binlog_transaction_compression = ON;
INSERT INTO t VALUES (2, REPEAT('compress me ', 20000)), (3, 'x');
BEGIN;
INSERT INTO k VALUES (1), (1), (2);
UPDATE t SET v = CONCAT(v, v) WHERE id = 2;
SAVEPOINT s;
DELETE FROM k;
ROLLBACK TO s;
COMMIT;
-- connection b
INSERT INTO t VALUES (4, 'plain again');
-- connection
SET SESSION binlog_transaction_compression_level_zstd = 19;
UPDATE t SET id = id + 10;
ALTER TABLE t ADD COLUMN w INT DEFAULT 3;
DELETE FROM t WHERE id = 13;
XA START '{db}';
INSERT INTO k VALUES (9);
XA END '{db}';
XA PREPARE '{db}';
XA COMMIT '{db}';
