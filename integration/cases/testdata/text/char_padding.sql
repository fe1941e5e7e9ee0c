-- CHAR and VARCHAR with trailing blanks, and BINARY and VARBINARY with trailing zero bytes.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, c CHAR(10), c0 CHAR(0), v VARCHAR(10), v0 VARCHAR(0), b BINARY(8), b0 BINARY(0), vb VARBINARY(8), vb0 VARBINARY(0));
INSERT INTO t VALUES (1, 'a', '', 'a', '', 'a', '', 'a', ''), (2, 'a   ', '', 'a   ', '', 0x6100, '', 0x6100, ''), (3, '', NULL, '', NULL, '', NULL, '', NULL),
  (4, '   ', '', '   ', '', 0x20, '', 0x20, ''), (5, ' a', '', ' a ', '', 0x0000000000000000, '', 0x0000000000000000, ''), (6, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (7, '0123456789', '', '0123456789', '', 0xFFFFFFFFFFFFFF00, '', 0xFFFFFFFFFFFFFF00, ''), (8, _utf8mb4 0x61000A0D1A, '', _utf8mb4 0x61000A0D1A275C22, '', 0x275C22000A0D1A00, '', 0x275C22000A0D1A00, '');

-- workload
INSERT INTO t SELECT id + 10, c, c0, v, v0, b, b0, vb, vb0 FROM t;
UPDATE t SET v = CONCAT(LEFT(v, 8), '  '), vb = CONCAT(LEFT(vb, 6), 0x0000), b = CONCAT(LEFT(b, 2), 0x00) WHERE id > 10;
UPDATE t SET c = CONCAT(c, 'x') WHERE id IN (2, 3, 4);
DELETE FROM t WHERE id = 7;
