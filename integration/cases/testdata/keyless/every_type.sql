-- Rows without a key are found by every type of value, NULL included.

-- setup
CREATE TABLE t (n INT, i BIGINT UNSIGNED, de DECIMAL(20,10), f FLOAT, d DOUBLE, b BIT(10), e ENUM('a','b'), s SET('x','y'), c CHAR(5), v VARCHAR(10), bi BINARY(4), vb VARBINARY(5), tx TEXT, bl BLOB, da DATE, dt DATETIME(3), ts TIMESTAMP(6) NULL, ti TIME(2), y YEAR);
INSERT INTO t VALUES (1, 18446744073709551615, 0.0000000001, 0.1, 0.1, 1023, 'a', 'x,y', 'c', 'v ', 0x0100, 0x0100, 't ', 0x00FF, '2020-02-29', '2020-02-29 01:02:03.004', '2020-02-29 01:02:03.000005', '-10:20:30.40', 1999),
  (2, 0, -1, -1e30, 1e300, 0, 'b', '', '', '', '', '', '', '', '1000-01-01', '9999-12-31 23:59:59.999', '1970-01-01 00:00:01', '838:59:59', 2155), (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO t SELECT * FROM t;

-- workload
UPDATE t SET n = n + 10 LIMIT 4;
DELETE FROM t WHERE n = 1 LIMIT 1;
UPDATE t SET f = 16777216, d = 1/3, tx = REPEAT('é', 300) WHERE n = 12;
DELETE FROM t WHERE n = 13 LIMIT 1;
INSERT INTO t SELECT * FROM t;
