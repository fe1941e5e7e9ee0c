-- A key of which one column is generated and virtual columns stand between.
-- pairs: mysql

-- setup
CREATE TABLE t (a INT NOT NULL, g INT AS (a DIV 10) STORED NOT NULL, w INT AS (a + b) VIRTUAL, b INT NOT NULL, v VARCHAR(10), PRIMARY KEY (g, b));
INSERT INTO t (a, b, v) VALUES (1, 1, 'x'), (11, 1, 'y'), (22, 2, 'z'), (33, 3, NULL);

-- workload
UPDATE t SET a = a + 1, v = 'moved' WHERE b = 1;
UPDATE t SET a = 99 WHERE a = 22;
DELETE FROM t WHERE g = 3;
INSERT INTO t (a, b, v) VALUES (35, 3, 'again'), (1, 2, 'new');
-- fails 1062
INSERT INTO t (a, b) VALUES (36, 3);
