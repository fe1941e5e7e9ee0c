-- A FLOAT(M,D) that the source rounded beyond its own range: no server takes the value again.
-- paths: copy
-- expect: stops server-1264

-- setup
CREATE TABLE t (id INT PRIMARY KEY, n FLOAT(10,3));
INSERT INTO t VALUES (1, 1), (2, 9999999.999);
