-- Views over tables of other databases of the selection.

-- setup
CREATE TABLE a (id INT PRIMARY KEY, v INT);
CREATE TABLE {db2}.b (id INT PRIMARY KEY, w INT);
INSERT INTO a VALUES (1, 1), (2, 2);
INSERT INTO {db2}.b VALUES (1, 10), (3, 30);
CREATE VIEW both_of AS SELECT a.id, b.w FROM a JOIN {db2}.b ON b.id = a.id;
CREATE VIEW {db2}.back AS SELECT both_of.id, both_of.w FROM {db}.both_of;

-- workload
INSERT INTO {db2}.b VALUES (2, 20);
USE {db2};
CREATE VIEW unqualified AS SELECT id, w FROM b;
CREATE VIEW {db}.other_way AS SELECT id FROM {db2}.unqualified WHERE w IN (SELECT v * 10 FROM {db}.a);
ALTER VIEW back AS SELECT 'changed' AS c;
