-- VECTOR with its bounds of bits.
-- pairs: mysql

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v VECTOR(3), w VECTOR, big VECTOR(2048));
INSERT INTO t VALUES (1, TO_VECTOR('[1,2,3]'), TO_VECTOR('[0.1]'), NULL), (2, TO_VECTOR('[-0.0,3.4028235e38,1.1754944e-38]'), NULL, TO_VECTOR(CONCAT('[', REPEAT('0.5,', 2047), '1]'))), (3, NULL, NULL, NULL);

-- workload
INSERT INTO t SELECT id + 10, v, w, big FROM t;
UPDATE t SET v = TO_VECTOR('[0.3333333,1e-37,-1]') WHERE id = 1;
ALTER TABLE t ADD COLUMN x VECTOR(2);
UPDATE t SET x = TO_VECTOR('[9,8]') WHERE id > 10;
DELETE FROM t WHERE id = 13;

-- same
SELECT id, HEX(v), HEX(x) FROM t ORDER BY id;
