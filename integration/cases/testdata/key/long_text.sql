-- Keys as long as a server takes, with values that differ in the last byte.

-- setup
CREATE TABLE t (k VARCHAR(768) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, v INT);
INSERT INTO t VALUES (CONCAT(REPEAT('😀', 767), 'a'), 1), (CONCAT(REPEAT('😀', 767), 'b'), 2), (REPEAT('x', 768), 3), ('', 4), (REPEAT(' ', 3), 5) ON DUPLICATE KEY UPDATE v = v + 50;
CREATE TABLE b (k VARBINARY(3072) PRIMARY KEY, v INT);
INSERT INTO b VALUES (CONCAT(REPEAT(0x00, 3071), 0x01), 1), (REPEAT(0x00, 3071), 2), (REPEAT(0xFF, 3072), 3), (REPEAT(0x00, 3072), 4);

-- workload
UPDATE t SET v = v + 10;
UPDATE t SET k = CONCAT(REPEAT('😀', 767), 'c') WHERE v = 11;
DELETE FROM t WHERE v = 12;
UPDATE b SET v = v + 10;
UPDATE b SET k = REPEAT(0x00, 3070) WHERE v = 12;
DELETE FROM b WHERE v = 13;
INSERT INTO b VALUES (REPEAT(0xFF, 3071), 5);
