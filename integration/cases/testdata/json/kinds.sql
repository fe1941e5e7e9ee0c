-- Every kind of JSON value, NULL beside JSON null, and documents in documents.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, j JSON);
INSERT INTO t VALUES (1, 'null'), (2, 'true'), (3, 'false'), (4, '0'), (5, '-1'), (6, '""'), (7, '"text"'), (8, '[]'), (9, '{}'), (10, NULL), (11, '[1,2,[3,[4,{"a":null}]]]'),
  (12, '{"b":1,"a":{"c":[true,false,null]},"":0}'), (13, '"\\u00e9\\ud83d\\ude00 \\"q\\" \\\\ \\/ \\n"'), (14, '{"ключ":"значение","😀":"😀","it''s":"''"}'), (15, '  [ 1 ,  2 ]  '), (16, '{"a":1,"a":2}');

-- workload
INSERT INTO t SELECT id + 100, j FROM t;
UPDATE t SET j = JSON_SET(j, '$.a', 'changed', '$.new', JSON_ARRAY(1, 'x', NULL)) WHERE id IN (9, 12, 14, 16);
UPDATE t SET j = JSON_REMOVE(j, '$[2]') WHERE id = 11;
UPDATE t SET j = JSON_ARRAY_APPEND(j, '$', 'é😀') WHERE id IN (8, 15, 111);
UPDATE t SET j = NULL WHERE id = 1;
UPDATE t SET j = 'null' WHERE id = 10;
DELETE FROM t WHERE id = 105;

-- same
SELECT id, JSON_TYPE(j), JSON_LENGTH(j) FROM t WHERE id NOT IN (16, 116) ORDER BY id;
