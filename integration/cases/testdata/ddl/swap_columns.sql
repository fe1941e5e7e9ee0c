-- Columns that exchange names, so that values seem to move.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT, c VARCHAR(10), KEY ka (a), UNIQUE KEY kb (b));
INSERT INTO t VALUES (1, 1, 10, 'x'), (2, 2, 20, 'y');

-- workload
INSERT INTO t VALUES (3, 3, 30, 'z');
ALTER TABLE t CHANGE a b INT, CHANGE b a INT;
INSERT INTO t (id, a, b) VALUES (4, 40, 4);
UPDATE t SET a = a + 1 ORDER BY a DESC;
ALTER TABLE t RENAME COLUMN a TO c, RENAME COLUMN b TO a, RENAME COLUMN c TO b;
INSERT INTO t (id, a, b, c) VALUES (5, 5, 'five', 50);
ALTER TABLE t CHANGE id a INT, CHANGE a id INT;
INSERT INTO t (a, id) VALUES (6, 66);
DELETE FROM t WHERE a = 1;
