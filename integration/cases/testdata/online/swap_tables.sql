-- A table rebuilt beside the live one and swapped in, twice, with the old one kept.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20));
INSERT INTO t VALUES (1, 'a'), (2, 'b');

-- workload
CREATE TABLE t2 (id INT PRIMARY KEY, v TEXT, extra DATE) SELECT id, v, DATE '2020-01-01' AS extra FROM t;
RENAME TABLE t TO t_keep, t2 TO t;
INSERT INTO t VALUES (3, 'c', NULL);
UPDATE t_keep SET v = 'kept';
CREATE TABLE t3 LIKE t_keep;
INSERT INTO t3 SELECT id, v FROM t;
RENAME TABLE t TO old2, t3 TO t;
DELETE FROM t WHERE id = 1;
DROP TABLE old2;
RENAME TABLE t TO x, t_keep TO t, x TO t_keep;
INSERT INTO t VALUES (10, 'ten');
