-- Every byte of a charset as a value of a key, told apart by its bytes.

-- setup
SET SESSION sql_mode = '';
CREATE TABLE l (k VARCHAR(4) CHARACTER SET latin1 COLLATE latin1_bin PRIMARY KEY, v INT);
INSERT INTO l WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 255) SELECT UNHEX(LPAD(HEX(i), 2, '0')), i FROM g WHERE i <> 32;
CREATE TABLE r (k CHAR(4) CHARACTER SET cp1251 COLLATE cp1251_bin PRIMARY KEY, v INT);
INSERT INTO r SELECT CONVERT(k USING binary), v FROM l;
CREATE TABLE b (k BINARY(1) PRIMARY KEY, v INT);
INSERT INTO b SELECT CONVERT(k USING binary), v FROM l;

-- workload
SET SESSION sql_mode = '';
UPDATE l SET v = v + 1000 WHERE v % 3 = 0;
DELETE FROM l WHERE v % 5 = 1;
UPDATE l SET k = CONCAT(k, k) WHERE v % 7 = 2;
UPDATE r SET v = v + 1000 WHERE v % 3 = 0;
DELETE FROM r WHERE v % 5 = 1;
UPDATE r SET k = CONCAT(k, k) WHERE v % 7 = 2;
UPDATE b SET v = v + 1000 WHERE v % 3 = 0;
DELETE FROM b WHERE v % 5 = 1;
INSERT INTO b VALUES (0x00, 0), (0x20, 32);
