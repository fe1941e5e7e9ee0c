-- Keys in utf16, utf16le, utf32 and ucs2, surrogates included.

-- setup
CREATE TABLE a (k VARCHAR(20) CHARACTER SET utf16 PRIMARY KEY, v INT);
CREATE TABLE b (k VARCHAR(20) CHARACTER SET utf16le PRIMARY KEY, v INT);
CREATE TABLE c (k CHAR(20) CHARACTER SET utf32 PRIMARY KEY, v INT);
CREATE TABLE d (k CHAR(20) CHARACTER SET ucs2 PRIMARY KEY, v INT);
CREATE TABLE e (k VARCHAR(20) CHARACTER SET utf16 COLLATE utf16_unicode_ci PRIMARY KEY, t TEXT CHARACTER SET utf32, v INT);
INSERT INTO a VALUES ('a', 1), ('é', 2), ('x', 3), ('Ж', 4), ('一', 5);
INSERT INTO b VALUES ('a', 1), ('é', 2), ('x', 3), ('Ж', 4), ('一', 5);
INSERT INTO c VALUES ('a', 1), ('é', 2), ('x', 3), ('Ж', 4), ('一', 5);
INSERT INTO d VALUES ('a', 1), ('é', 2), ('x', 3), ('Ж', 4), ('一', 5);
INSERT INTO e VALUES ('a', '😀 a', 1), ('ß', '', 2), ('x ', NULL, 3), ('😀', '  ', 4);

-- workload
UPDATE a SET k = 'A' WHERE k = 'a';
UPDATE a SET k = '😀' WHERE k = 'é';
UPDATE b SET k = 'A  ' WHERE k = 'a';
UPDATE b SET k = '😀' WHERE v = 2;
UPDATE c SET k = 'A' WHERE k = 'a';
UPDATE c SET k = '😀' WHERE v = 2;
UPDATE d SET k = 'A' WHERE k = 'a';
UPDATE d SET v = v + 10;
UPDATE e SET k = 'SS', t = REPEAT('ü😀', 8000) WHERE v = 2;
UPDATE e SET k = UPPER(k), v = v + 10;
DELETE FROM a WHERE k = '一';
DELETE FROM c WHERE k = 'x';
INSERT INTO d VALUES ('X2', 7), ('', 8);
