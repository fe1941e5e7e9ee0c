-- Columns bound to an SRID, also in a spatial index.
-- pairs: mysql

-- setup
CREATE TABLE t (id INT PRIMARY KEY, g GEOMETRY NOT NULL SRID 4326, p POINT SRID 3857, q POINT SRID 0, SPATIAL KEY (g));
INSERT INTO t VALUES (1, ST_GeomFromText('POINT(48.1 11.5)', 4326), ST_GeomFromText('POINT(1 2)', 3857), ST_GeomFromText('POINT(5 6)')), (2, ST_GeomFromText('LINESTRING(-90 -180,90 180)', 4326), NULL, NULL);

-- workload
INSERT INTO t SELECT id + 10, g, p, q FROM t;
UPDATE t SET g = ST_GeomFromText('POINT(-33.9 151.2)', 4326) WHERE id = 1;
ALTER TABLE t ADD COLUMN r POINT SRID 4326;
INSERT INTO t (id, g) VALUES (50, ST_GeomFromText('POINT(0 0)', 4326));
DELETE FROM t WHERE id = 12;

-- same
SELECT id, ST_AsText(g), ST_SRID(g), ST_SRID(p) FROM t ORDER BY id;
