-- Columns generated from JSON, stored and virtual, with keys over them.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, j JSON, name VARCHAR(50) AS (JSON_UNQUOTE(JSON_EXTRACT(j, '$.name'))) VIRTUAL, n INT AS (JSON_VALUE(j, '$.n')) STORED, UNIQUE KEY (name), KEY (n));
INSERT INTO t (id, j) VALUES (1, '{"name":"anna","n":5}'), (2, '{"name":"Bert","n":null}'), (3, '{}'), (4, NULL), (5, '{"name":"é😀","n":7}');

-- workload
UPDATE t SET j = JSON_SET(j, '$.n', 6, '$.name', 'carl') WHERE id IN (2);
UPDATE t SET j = JSON_SET(j, '$.name', 'anna2') WHERE id = 1;
UPDATE t SET j = JSON_SET(j, '$.name', 'anna') WHERE id = 2;
INSERT INTO t (id, j) VALUES (6, '{"name":"fritz","n":-1}'), (7, '{"n":9}');
DELETE FROM t WHERE name = 'fritz';
ALTER TABLE t ADD COLUMN len INT AS (JSON_LENGTH(j)) VIRTUAL;
