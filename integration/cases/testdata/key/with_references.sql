-- Key columns that are also foreign keys, unique keys and parts of generated columns.
-- pairs: mysql mariadb

-- setup
CREATE TABLE p (id INT PRIMARY KEY, code CHAR(3) NOT NULL, UNIQUE KEY (code));
CREATE TABLE c (p INT, n INT, code CHAR(3), g INT AS (n * 2) STORED, PRIMARY KEY (p, n), UNIQUE KEY (g, p), CONSTRAINT wr_p FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE, CONSTRAINT wr_c FOREIGN KEY (code) REFERENCES p (code) ON UPDATE CASCADE);
INSERT INTO p VALUES (1, 'aaa'), (2, 'bbb');
INSERT INTO c (p, n, code) VALUES (1, 1, 'aaa'), (1, 2, 'bbb'), (2, 1, NULL);

-- workload
UPDATE p SET code = 'AAA' WHERE id = 1;
UPDATE p SET code = 'ccc' WHERE id = 2;
UPDATE c SET n = n + 10 ORDER BY n DESC;
INSERT INTO c (p, n, code) VALUES (2, 2, 'AAA');
UPDATE c SET code = NULL WHERE p = 2;
DELETE FROM p WHERE id = 1;
