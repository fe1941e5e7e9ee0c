-- Tables that refer to themselves: trees that lose branches, and cycles.

-- setup
CREATE TABLE tree (id INT PRIMARY KEY, up INT, v INT, CONSTRAINT self_up FOREIGN KEY (up) REFERENCES tree (id) ON DELETE CASCADE);
INSERT INTO tree VALUES (1, NULL, 1), (2, 1, 2), (3, 1, 3), (4, 2, 4), (5, 4, 5), (6, 3, 6), (7, NULL, 7), (8, 8, 8);
CREATE TABLE lone (id INT PRIMARY KEY, boss INT, CONSTRAINT self_boss FOREIGN KEY (boss) REFERENCES lone (id) ON DELETE SET NULL);
INSERT INTO lone VALUES (1, NULL), (2, 1), (3, 2), (4, 1);

-- workload
DELETE FROM tree WHERE id = 2;
BEGIN;
UPDATE tree SET up = 7 WHERE id = 3;
DELETE FROM tree WHERE id = 1;
INSERT INTO tree VALUES (1, 6, 11);
COMMIT;
DELETE FROM lone WHERE id = 1;
UPDATE tree SET v = v + 1;
