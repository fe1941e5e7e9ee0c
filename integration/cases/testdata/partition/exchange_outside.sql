-- EXCHANGE PARTITION with a table that is not selected: the table is copied anew.
-- paths: copy stream
-- objects: except = ["_*"]

-- setup
CREATE TABLE p (id INT PRIMARY KEY, v VARCHAR(10)) PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10), PARTITION m VALUES LESS THAN MAXVALUE);
INSERT INTO p VALUES (1, 'p1'), (2, 'p2'), (30, 'p30');
CREATE TABLE _t (id INT PRIMARY KEY, v VARCHAR(10));
INSERT INTO _t VALUES (5, 't5'), (6, 't6');

-- workload
UPDATE p SET v = 'upd' WHERE id = 1;
ALTER TABLE p EXCHANGE PARTITION a WITH TABLE _t;
INSERT INTO p VALUES (7, 'p7');
UPDATE p SET v = 'in p' WHERE id = 5;
UPDATE _t SET v = 'x';
