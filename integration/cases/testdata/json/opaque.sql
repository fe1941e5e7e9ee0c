-- Values of SQL types inside a document: they arrive as strings, with the same text.
-- pairs: mysql

-- setup
CREATE TABLE t (id INT PRIMARY KEY, j JSON);
INSERT INTO t VALUES (1, JSON_ARRAY(CAST('2020-02-29' AS DATE), CAST('-838:59:58.5' AS TIME(6)), CAST('2020-02-29 12:00:00.000001' AS DATETIME(6)))), (2, JSON_OBJECT('d', CAST('2020-02-29 01:02:03' AS DATETIME), 't', CAST('10:11:12' AS TIME))),
  (3, CAST(CAST('1999-12-31' AS DATE) AS JSON)), (4, JSON_ARRAY(x'00FF27', b'1010')), (5, JSON_ARRAY(CAST('abc' AS BINARY)));

-- workload
INSERT INTO t SELECT id + 10, j FROM t;
UPDATE t SET j = JSON_SET(j, '$[0]', CAST('2001-01-01' AS DATE)) WHERE id IN (1, 11);
DELETE FROM t WHERE id = 13;
