-- All sizes of TEXT and BLOB, empty, short and several MiB.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, tt TINYTEXT, tx TEXT, mt MEDIUMTEXT, lt LONGTEXT, tb TINYBLOB, bl BLOB, mb MEDIUMBLOB, lb LONGBLOB);
INSERT INTO t VALUES (1, '', '', '', '', '', '', '', ''), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (3, REPEAT('é', 127), REPEAT('€', 21845), REPEAT('ab ', 400000), REPEAT('😀x', 700000), REPEAT(0x00, 255), REPEAT(0xFF27, 32767), REPEAT(0x5C275C00, 400000), REPEAT(0x000102FF, 900000)),
  (4, 'a ', 'b  ', 'c   ', 'd    ', 0x6100, 0x620000, 0x63000000, 0x6400000000), (5, _utf8mb4 0x00, _utf8mb4 0x0000, _utf8mb4 0x1A, _utf8mb4 0x5C, 0x00, 0x1A, 0x5C, 0x27);

-- workload
INSERT INTO t SELECT id + 10, tt, tx, mt, lt, tb, bl, mb, lb FROM t;
UPDATE t SET lt = CONCAT(lt, 'end '), lb = CONCAT(lb, 0x00), mb = REVERSE(mb) WHERE id IN (3, 4);
UPDATE t SET tx = NULL, bl = '' WHERE id = 13;
DELETE FROM t WHERE id = 15;
