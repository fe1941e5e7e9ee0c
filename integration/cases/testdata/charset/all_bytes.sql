-- Every byte of the charsets of one byte, in CHAR, VARCHAR and TEXT, beside each other in one row.

-- setup
SET SESSION sql_mode = '';
CREATE TABLE bytes (n INT PRIMARY KEY, b VARBINARY(4));
INSERT INTO bytes WITH RECURSIVE g(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM g WHERE i < 255) SELECT i, UNHEX(LPAD(HEX(i), 2, '0')) FROM g;
CREATE TABLE t (n INT PRIMARY KEY, latin1 VARCHAR(4) CHARACTER SET latin1, latin2 VARCHAR(4) CHARACTER SET latin2, latin5 VARCHAR(4) CHARACTER SET latin5, latin7 VARCHAR(4) CHARACTER SET latin7, cp1250 VARCHAR(4) CHARACTER SET cp1250, cp1251 VARCHAR(4) CHARACTER SET cp1251, cp1256 VARCHAR(4) CHARACTER SET cp1256, cp1257 VARCHAR(4) CHARACTER SET cp1257, cp850 VARCHAR(4) CHARACTER SET cp850, cp852 VARCHAR(4) CHARACTER SET cp852, cp866 VARCHAR(4) CHARACTER SET cp866, koi8r VARCHAR(4) CHARACTER SET koi8r, koi8u VARCHAR(4) CHARACTER SET koi8u, greek VARCHAR(4) CHARACTER SET greek, hebrew VARCHAR(4) CHARACTER SET hebrew, macroman VARCHAR(4) CHARACTER SET macroman, macce VARCHAR(4) CHARACTER SET macce, keybcs2 VARCHAR(4) CHARACTER SET keybcs2, dec8 VARCHAR(4) CHARACTER SET dec8, hp8 VARCHAR(4) CHARACTER SET hp8, swe7 VARCHAR(4) CHARACTER SET swe7, geostd8 VARCHAR(4) CHARACTER SET geostd8, armscii8 VARCHAR(4) CHARACTER SET armscii8, tis620 VARCHAR(4) CHARACTER SET tis620, ascii VARCHAR(4) CHARACTER SET ascii);
INSERT INTO t SELECT n, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, IF(n < 128, b, '') FROM bytes;
CREATE TABLE c (n INT PRIMARY KEY, a CHAR(3) CHARACTER SET latin1, b TEXT CHARACTER SET cp1251, d CHAR(3) CHARACTER SET koi8r, e TINYTEXT CHARACTER SET cp850);
INSERT INTO c SELECT n, b, b, b, b FROM bytes;

-- workload
SET SESSION sql_mode = '';
INSERT INTO t SELECT n + 1000, CONCAT(latin1, latin1), CONCAT(latin2, latin2), CONCAT(latin5, latin5), CONCAT(latin7, latin7), CONCAT(cp1250, cp1250), CONCAT(cp1251, cp1251), CONCAT(cp1256, cp1256), CONCAT(cp1257, cp1257), CONCAT(cp850, cp850), CONCAT(cp852, cp852), CONCAT(cp866, cp866), CONCAT(koi8r, koi8r), CONCAT(koi8u, koi8u), CONCAT(greek, greek), CONCAT(hebrew, hebrew), CONCAT(macroman, macroman), CONCAT(macce, macce), CONCAT(keybcs2, keybcs2), CONCAT(dec8, dec8), CONCAT(hp8, hp8), CONCAT(swe7, swe7), CONCAT(geostd8, geostd8), CONCAT(armscii8, armscii8), CONCAT(tis620, tis620), CONCAT(ascii, ascii) FROM t;
UPDATE t SET latin1 = CONCAT(latin1, _latin1 0x80FF), koi8r = CONCAT(koi8r, _koi8r 0x27), hebrew = CONCAT(hebrew, _hebrew 0x5C) WHERE n < 256;
INSERT INTO c SELECT n + 1000, CONCAT(a, '.', a), CONCAT(b, b), CONCAT(d, d), CONCAT(e, e) FROM c;
UPDATE c SET a = CONCAT(a, _latin1 0x5C), b = CONCAT(_cp1251 0x98, b), d = CONCAT(_koi8r 0x5C, d), e = CONCAT(e, _cp850 0x1A) WHERE n < 256;
DELETE FROM t WHERE n % 7 = 3;
DELETE FROM c WHERE n % 5 = 1;
