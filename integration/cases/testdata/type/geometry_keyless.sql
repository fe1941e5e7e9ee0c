-- Rows without a key are found by their geometry.

-- setup
CREATE TABLE t (g GEOMETRY, n INT);
INSERT INTO t VALUES (ST_GeomFromText('POINT(1 2)'), 1), (ST_GeomFromText('POINT(1 2)'), 1), (ST_GeomFromText('POINT(1 2)', 3857), 1), (NULL, 2), (ST_GeomFromText('LINESTRING(0 0,1 1)'), 3);

-- workload
UPDATE t SET n = n + 10 WHERE n = 1 LIMIT 2;
DELETE FROM t WHERE n = 3;
UPDATE t SET g = ST_GeomFromText('POINT(3 4)') WHERE n = 2;
INSERT INTO t SELECT g, n FROM t;
