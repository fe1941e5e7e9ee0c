-- Unique keys in sjis, gbk, big5, euckr, ujis, gb2312 and cp932, with bytes that look like a backslash.

-- setup
CREATE TABLE sj (k VARCHAR(20) CHARACTER SET sjis PRIMARY KEY, v INT);
CREATE TABLE gb (k VARCHAR(20) CHARACTER SET gbk PRIMARY KEY, v INT);
CREATE TABLE b5 (k VARCHAR(20) CHARACTER SET big5 PRIMARY KEY, v INT);
CREATE TABLE ek (k VARCHAR(20) CHARACTER SET euckr PRIMARY KEY, v INT);
CREATE TABLE uj (k VARCHAR(20) CHARACTER SET ujis PRIMARY KEY, v INT);
CREATE TABLE g2 (k VARCHAR(20) CHARACTER SET gb2312 PRIMARY KEY, v INT);
CREATE TABLE c9 (k VARCHAR(20) CHARACTER SET cp932 PRIMARY KEY, v INT);
INSERT INTO sj VALUES ('表', 1), ('ソ', 2), ('あ', 3), ('a', 4), ('ｱ', 5), (_sjis 0x955C5C, 6);
INSERT INTO gb VALUES ('中', 1), (_gbk 0x815C, 2), (_gbk 0x817E, 3) ON DUPLICATE KEY UPDATE v = v;
INSERT INTO b5 VALUES ('許', 1), ('功', 2), ('a', 3), (_big5 0xA55C5C, 4);
INSERT INTO ek VALUES ('가', 1), ('힣', 2), ('a', 3);
INSERT INTO uj VALUES ('亜', 1), ('ｱ', 2), ('a', 3), (_ujis 0x8FB0A1, 4);
INSERT INTO g2 VALUES ('啊', 1), ('阿', 2), ('a', 3);
INSERT INTO c9 VALUES ('①', 1), ('髙', 2), ('ソ', 3), ('a', 4);

-- workload
UPDATE sj SET k = 'A' WHERE k = 'a';
UPDATE sj SET v = v + 10;
DELETE FROM sj WHERE k = 'ソ';
INSERT INTO sj VALUES ('ソ\\', 7), ('''', 8);
UPDATE gb SET v = v + 10;
UPDATE gb SET k = CONCAT(k, '\\') WHERE v = 12;
UPDATE b5 SET k = CONCAT(k, k), v = v + 10;
UPDATE ek SET k = 'A' WHERE k = 'a';
DELETE FROM ek WHERE k = '힣';
UPDATE uj SET v = v + 10;
UPDATE g2 SET v = v + 10;
UPDATE c9 SET k = CONCAT(k, 'ソ'), v = v + 10;
