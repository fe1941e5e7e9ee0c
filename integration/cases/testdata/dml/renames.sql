-- RENAME in chains and rings, over databases, with rows in between.

-- setup
CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(10));
CREATE TABLE b (id INT PRIMARY KEY, v VARCHAR(10));
CREATE TABLE c (id INT PRIMARY KEY, v VARCHAR(10));
INSERT INTO a VALUES (1, 'from a');
INSERT INTO b VALUES (1, 'from b'), (2, 'from b');
INSERT INTO c VALUES (3, 'from c');
CREATE TABLE {db2}.d (id INT PRIMARY KEY);

-- workload
RENAME TABLE a TO tmp, b TO a, c TO b, tmp TO c;
INSERT INTO a VALUES (10, 'in a');
UPDATE c SET v = 'in c';
RENAME TABLE a TO {db2}.a, b TO {db2}.b;
INSERT INTO {db2}.a VALUES (11, 'in 2.a');
ALTER TABLE {db2}.b RENAME TO {db}.b2;
INSERT INTO b2 VALUES (12, 'in b2');
ALTER TABLE b2 RENAME AS b3, ADD COLUMN w INT DEFAULT 3;
INSERT INTO b3 VALUES (13, 'b3', 4);
RENAME TABLE {db2}.d TO d;
INSERT INTO d VALUES (1);
