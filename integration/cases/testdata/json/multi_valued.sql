-- A multi-valued index, unique over the members of arrays.
-- pairs: mysql

-- setup
CREATE TABLE t (id INT PRIMARY KEY, j JSON, UNIQUE KEY m ((CAST(j->'$.zip' AS UNSIGNED ARRAY))), KEY c ((CAST(j->'$.tags' AS CHAR(20) ARRAY))));
INSERT INTO t VALUES (1, '{"zip":[1,2,3],"tags":["a","b"]}'), (2, '{"zip":[4,5]}'), (3, '{"zip":[]}'), (4, '{}'), (5, NULL), (6, '{"zip":6}');

-- workload
BEGIN;
UPDATE t SET j = '{"zip":[7]}' WHERE id = 1;
UPDATE t SET j = '{"zip":[1,2,4]}' WHERE id = 2;
UPDATE t SET j = '{"zip":[3,5]}' WHERE id = 1;
COMMIT;
DELETE FROM t WHERE id = 6;
INSERT INTO t VALUES (7, '{"zip":[6,8,9],"tags":["z"]}');
-- fails 1062
INSERT INTO t VALUES (8, '{"zip":[9]}');
