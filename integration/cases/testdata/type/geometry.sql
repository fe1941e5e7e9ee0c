-- Every kind of geometry, with and without SRID, NULL, and empty collections.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, g GEOMETRY, p POINT, l LINESTRING, y POLYGON, mp MULTIPOINT, ml MULTILINESTRING, my MULTIPOLYGON, gc GEOMETRYCOLLECTION);
INSERT INTO t VALUES (1, ST_GeomFromText('POINT(1 2)'), ST_GeomFromText('POINT(-0.5 1e10)'), ST_GeomFromText('LINESTRING(0 0,1 1,2 5)'), ST_GeomFromText('POLYGON((0 0,10 0,10 10,0 10,0 0),(2 2,3 2,3 3,2 3,2 2))'),
  ST_GeomFromText('MULTIPOINT(0 0,1 1)'), ST_GeomFromText('MULTILINESTRING((0 0,1 1),(2 2,3 3))'), ST_GeomFromText('MULTIPOLYGON(((0 0,1 0,1 1,0 0)))'), ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,5 5))')),
  (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (3, ST_GeomFromText('POINT(1 2)', 3857), ST_GeomFromText('POINT(0.1 0.2)', 3857), NULL, NULL, NULL, NULL, NULL, ST_GeomFromText('GEOMETRYCOLLECTION EMPTY'));
CREATE TABLE nn (id INT PRIMARY KEY, p POINT NOT NULL, SPATIAL KEY (p));
INSERT INTO nn VALUES (1, ST_GeomFromText('POINT(0 0)')), (2, ST_GeomFromText('POINT(1.7976931348623157e308 -5e-324)'));

-- workload
INSERT INTO t SELECT id + 10, g, p, l, y, mp, ml, my, gc FROM t;
UPDATE t SET g = l, p = ST_GeomFromText('POINT(7 8)') WHERE id = 11;
UPDATE t SET g = ST_GeomFromText('POINT(3 4)', 4326) WHERE id = 12;
DELETE FROM t WHERE id = 13;
UPDATE nn SET p = ST_GeomFromText('POINT(5 5)') WHERE id = 1;
INSERT INTO nn VALUES (3, ST_GeomFromText('POINT(9 9)'));

-- same
SELECT id, ST_SRID(g), ST_AsText(p) FROM t ORDER BY id;
