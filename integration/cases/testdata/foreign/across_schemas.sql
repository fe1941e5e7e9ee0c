-- Foreign keys between two databases of the selection, and DDL on them.
-- paths: copy stream

-- setup
CREATE TABLE a (id INT PRIMARY KEY, v INT);
CREATE TABLE {db2}.b (id INT PRIMARY KEY, a INT, KEY k_a (a), CONSTRAINT xs_b FOREIGN KEY (a) REFERENCES {db}.a (id) ON DELETE CASCADE);
INSERT INTO a VALUES (1, 1), (2, 2), (3, 3);
INSERT INTO {db2}.b VALUES (1, 1), (2, 2), (3, 3);

-- workload
DELETE FROM a WHERE id = 1;
CREATE TABLE {db2}.c (id INT PRIMARY KEY, b INT, CONSTRAINT xs_c FOREIGN KEY (b) REFERENCES {db2}.b (id) ON DELETE SET NULL);
INSERT INTO {db2}.c VALUES (1, 2), (2, 3);
DELETE FROM a WHERE id = 2;
ALTER TABLE {db2}.b DROP FOREIGN KEY xs_b;
DELETE FROM a WHERE id = 3;
INSERT INTO a VALUES (3, 30);
ALTER TABLE {db2}.b ADD CONSTRAINT xs_b2 FOREIGN KEY (a) REFERENCES {db}.a (id) ON DELETE CASCADE ON UPDATE CASCADE;
UPDATE a SET id = 4 WHERE id = 3;
