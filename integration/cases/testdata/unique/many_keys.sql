-- Several unique keys on one table, of which one statement touches all.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, a INT NOT NULL, b INT, c VARCHAR(10), d DATE, UNIQUE KEY (a), UNIQUE KEY (b, c), UNIQUE KEY (c), UNIQUE KEY (d, a), KEY (b));
INSERT INTO t VALUES (1, 1, 1, 'a', '2020-01-01'), (2, 2, 1, 'b', '2020-01-01'), (3, 3, 2, 'c', '2020-01-02'), (4, 4, NULL, NULL, NULL), (5, 5, NULL, NULL, NULL);

-- workload
REPLACE INTO t VALUES (6, 1, 1, 'b', '2020-01-02');
BEGIN;
INSERT INTO t VALUES (7, 7, 1, 'x', NULL) ON DUPLICATE KEY UPDATE b = 100;
INSERT INTO t VALUES (8, 7, 1, 'y', NULL) ON DUPLICATE KEY UPDATE b = b + 1, c = 'yy';
REPLACE INTO t VALUES (3, 4, 2, 'a', '2020-01-01');
UPDATE t SET a = a + 100 ORDER BY a DESC;
COMMIT;
INSERT IGNORE INTO t VALUES (9, 107, 5, 'q', NULL), (10, 10, 5, 'q', NULL), (11, 11, 6, 'q', NULL);
DELETE FROM t WHERE c IS NULL LIMIT 1;
