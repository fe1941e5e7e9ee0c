-- Indexes of all kinds come, go and change, alone and with other changes.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(100), c TEXT, d INT, KEY old (a), FULLTEXT KEY ft (c));
INSERT INTO t VALUES (1, 1, 'b1', 'some words here', 1), (2, 2, 'b2', 'other words', 2);

-- workload
CREATE INDEX i1 ON t (b(10), a DESC);
INSERT INTO t VALUES (3, 3, 'b3', 'third', 3);
ALTER TABLE t ADD UNIQUE KEY u1 (d), ADD INDEX i2 (a, d) COMMENT 'with ''quotes''', DROP INDEX old;
CREATE UNIQUE INDEX u2 ON t (b);
DROP INDEX i1 ON t;
ALTER TABLE t RENAME INDEX i2 TO i3;
UPDATE t SET d = d + 10 ORDER BY d DESC;
ALTER TABLE t DROP KEY ft, ADD FULLTEXT INDEX ft2 (b, c);
CREATE INDEX i4 USING BTREE ON t (d, b);
ALTER TABLE t DROP COLUMN a;
INSERT INTO t VALUES (4, 'b4', 'fourth', 4);
ALTER TABLE t ADD INDEX (d), ADD INDEX (d, id);
