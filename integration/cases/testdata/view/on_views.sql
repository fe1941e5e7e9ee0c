-- Views on views that come before what they need in the order of names.

-- setup
CREATE TABLE z_table (id INT PRIMARY KEY, v INT);
INSERT INTO z_table VALUES (1, 1), (2, 2);
CREATE VIEW y_first AS SELECT id, v FROM z_table;
CREATE VIEW m_second AS SELECT y.id, y.v * 2 AS w FROM y_first y;
CREATE VIEW b_third AS SELECT m.id, y.v, m.w FROM m_second m JOIN y_first y USING (id);
CREATE VIEW a_fourth AS SELECT b.id, b.w, (SELECT COUNT(*) FROM m_second) AS n FROM b_third b;

-- workload
INSERT INTO z_table VALUES (3, 3);
CREATE OR REPLACE VIEW y_first AS SELECT id, v + 100 AS v FROM z_table WHERE id > 1;
CREATE VIEW `0_fifth` AS SELECT * FROM a_fourth;
UPDATE y_first SET id = 4 WHERE id = 3;
ALTER TABLE z_table ADD COLUMN w INT DEFAULT 5;
RENAME TABLE b_third TO c_third, c_third TO b_third;
