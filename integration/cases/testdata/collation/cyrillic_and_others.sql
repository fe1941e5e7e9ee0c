-- Keys in charsets of one byte: cp1251, koi8r, koi8u, cp866, greek, hebrew, tis620, armscii8 and more.

-- setup
CREATE TABLE a (k VARCHAR(20) CHARACTER SET cp1251 PRIMARY KEY, v INT);
CREATE TABLE b (k VARCHAR(20) CHARACTER SET koi8r PRIMARY KEY, v INT);
CREATE TABLE c (k VARCHAR(20) CHARACTER SET koi8u PRIMARY KEY, v INT);
CREATE TABLE d (k VARCHAR(20) CHARACTER SET cp866 PRIMARY KEY, v INT);
CREATE TABLE e (k VARCHAR(20) CHARACTER SET greek PRIMARY KEY, v INT);
CREATE TABLE f (k VARCHAR(20) CHARACTER SET hebrew PRIMARY KEY, v INT);
CREATE TABLE g (k VARCHAR(20) CHARACTER SET tis620 PRIMARY KEY, v INT);
CREATE TABLE h (k VARCHAR(20) CHARACTER SET cp1250 COLLATE cp1250_czech_cs PRIMARY KEY, v INT);
CREATE TABLE i (k VARCHAR(20) CHARACTER SET latin2 COLLATE latin2_czech_cs PRIMARY KEY, v INT);
CREATE TABLE j (k VARCHAR(20) CHARACTER SET cp1257 COLLATE cp1257_lithuanian_ci PRIMARY KEY, v INT);
INSERT INTO a VALUES ('ж', 1), ('ё', 2), ('Я', 3), ('x', 4);
INSERT INTO b VALUES ('ж', 1), ('ё', 2), ('Я', 3), ('x', 4);
INSERT INTO c VALUES ('ї', 1), ('є', 2), ('Я', 3), ('x', 4);
INSERT INTO d VALUES ('ж', 1), ('ё', 2), ('Я', 3), ('x', 4);
INSERT INTO e VALUES ('α', 1), ('ς', 2), ('Ω', 3), ('x', 4);
INSERT INTO f VALUES ('א', 1), ('ש', 2), ('x', 4);
INSERT INTO g VALUES ('ก', 1), ('เก', 2), ('ไทย', 3), ('x', 4);
INSERT INTO h VALUES ('č', 1), ('ch', 2), ('C', 3), ('Č', 4);
INSERT INTO i VALUES ('č', 1), ('ch', 2), ('C', 3), ('Č', 4);
INSERT INTO j VALUES ('ą', 1), ('y', 2), ('š', 3);

-- workload
UPDATE a SET k = UPPER(k), v = v + 10;
UPDATE b SET k = UPPER(k), v = v + 10;
UPDATE c SET k = UPPER(k), v = v + 10;
UPDATE d SET k = UPPER(k), v = v + 10;
UPDATE e SET k = UPPER(k), v = v + 10;
UPDATE f SET v = v + 10;
UPDATE g SET v = v + 10;
DELETE FROM g WHERE k = 'เก';
UPDATE h SET v = v + 10;
BEGIN;
DELETE FROM h WHERE k = 'č';
UPDATE h SET k = 'č' WHERE k = 'Č';
INSERT INTO h VALUES ('Č', 99);
COMMIT;
UPDATE i SET v = v + 10;
UPDATE j SET k = UPPER(k), v = v + 10;
