-- What a source without strict mode computes out of values that strict mode refuses.
-- The rows cross, are changed and deleted, and indexes over them are built.
-- expect: equal

-- setup
CREATE TABLE in_row (id INT PRIMARY KEY, s VARCHAR(20), n INT GENERATED ALWAYS AS (s) STORED, k TINYINT GENERATED ALWAYS AS (id * 100) STORED,
  u VARCHAR(3) GENERATED ALWAYS AS (s) STORED);
CREATE TABLE in_index (id INT PRIMARY KEY, s VARCHAR(20), n INT GENERATED ALWAYS AS (s) VIRTUAL, k TINYINT GENERATED ALWAYS AS (id * 100) VIRTUAL, KEY kn (n), KEY kk (k));
CREATE TABLE keyless (s VARCHAR(20), k TINYINT GENERATED ALWAYS AS (CHAR_LENGTH(s) * 100) STORED, c INT GENERATED ALWAYS AS (s) STORED);
CREATE TABLE both_kinds (id INT PRIMARY KEY, e ENUM('a', 'b') NOT NULL, s VARCHAR(20), n INT GENERATED ALWAYS AS (s) STORED);
-- on mysql
CREATE TABLE dated (id INT PRIMARY KEY, s VARCHAR(20), d DATETIME GENERATED ALWAYS AS (s) STORED, v DATETIME GENERATED ALWAYS AS (s) VIRTUAL, KEY kv (v));
CREATE TABLE functional (id INT PRIMARY KEY, s VARCHAR(20), KEY ks ((CAST(s AS UNSIGNED))), KEY kt ((CAST(s AS CHAR(2)))));
-- on any

-- workload
SET sql_mode = '';
INSERT INTO in_row (id, s) VALUES (1, 'abc'), (2, '12'), (3, NULL), (4, 'long enough'), (5, '2024-02-30');
UPDATE in_row SET s = 'another' WHERE id = 2;
UPDATE in_row SET id = 6 WHERE id = 4;
DELETE FROM in_row WHERE id = 1;
INSERT INTO in_index (id, s) VALUES (1, 'abc'), (2, '12'), (3, NULL), (4, 'x'), (5, '7z');
UPDATE in_index SET s = 'q' WHERE id = 2;
DELETE FROM in_index WHERE id = 1;
INSERT INTO keyless (s) VALUES ('abc'), ('abc'), ('12'), (NULL), ('column ''s''');
UPDATE keyless SET s = 'z' WHERE s = '12';
DELETE FROM keyless WHERE s = 'abc' LIMIT 1;
INSERT INTO both_kinds (id, e, s) VALUES (1, 'c', 'abc'), (2, 'a', 'x'), (3, 'd', '5');
UPDATE both_kinds SET s = 'y' WHERE id = 3;
-- on mysql
INSERT INTO dated (id, s) VALUES (1, 'abc'), (2, '2024-02-30'), (3, NULL), (4, '20240229'), (5, 'x');
UPDATE dated SET s = 'y' WHERE id = 4;
DELETE FROM dated WHERE id IN (1, 2);
INSERT INTO functional VALUES (1, 'abc'), (2, '12'), (3, NULL);
UPDATE functional SET s = 'xyz' WHERE id = 2;
DELETE FROM functional WHERE id = 1;
-- on any
