-- XA transactions: two phases, one phase, rolled back, and empty.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10));
CREATE TABLE k (v INT);
INSERT INTO t VALUES (1, 'x'), (2, 'y');

-- workload
XA START '{db}', 'one', 7;
INSERT INTO t VALUES (10, 'xa');
INSERT INTO k VALUES (1), (1);
XA END '{db}', 'one', 7;
XA PREPARE '{db}', 'one', 7;
XA COMMIT '{db}', 'one', 7;
XA START '{db}-2';
UPDATE t SET v = 'rolled' WHERE id = 1;
XA END '{db}-2';
XA PREPARE '{db}-2';
XA ROLLBACK '{db}-2';
XA START '{db}-3';
DELETE FROM t WHERE id = 2;
INSERT INTO t VALUES (11, 'onephase');
XA END '{db}-3';
XA COMMIT '{db}-3' ONE PHASE;
XA START '{db}-4';
INSERT INTO t VALUES (12, 'never');
XA END '{db}-4';
XA ROLLBACK '{db}-4';
XA START '{db}-5';
XA END '{db}-5';
XA PREPARE '{db}-5';
XA COMMIT '{db}-5';
UPDATE k SET v = 2 LIMIT 1;
