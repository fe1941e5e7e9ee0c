-- Collations of latin1 and their like with unique keys: swedish, german, spanish, binary.

-- setup
CREATE TABLE sw (k VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci PRIMARY KEY, v INT);
CREATE TABLE g1 (k VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_german1_ci PRIMARY KEY, v INT);
CREATE TABLE g2 (k VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_german2_ci PRIMARY KEY, v INT);
CREATE TABLE gc (k VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_general_cs PRIMARY KEY, v INT);
CREATE TABLE da (k VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_danish_ci PRIMARY KEY, v INT);
CREATE TABLE bi (k CHAR(20) CHARACTER SET latin1 COLLATE latin1_bin PRIMARY KEY, v INT);
CREATE TABLE l2 (k VARCHAR(20) CHARACTER SET latin2 COLLATE latin2_hungarian_ci PRIMARY KEY, v INT);
CREATE TABLE tu (k VARCHAR(20) CHARACTER SET latin5 COLLATE latin5_turkish_ci PRIMARY KEY, v INT);
INSERT INTO sw VALUES ('a', 1), ('ä', 2), ('ü', 3), ('v', 4), ('o', 5);
INSERT INTO g1 VALUES ('a', 1), ('ss', 2), ('o', 3), ('s', 4);
INSERT INTO g2 VALUES ('a', 1), ('ä', 2), ('ß', 3), ('oe', 4);
INSERT INTO gc VALUES ('a', 1), ('A', 2), ('ä', 3);
INSERT INTO da VALUES ('å', 1), ('æ', 2), ('ø', 3), ('y', 4);
INSERT INTO bi VALUES ('a', 1), ('A', 2), ('x', 3);
INSERT INTO l2 VALUES ('a', 1), ('ö', 2), ('ű', 3), ('cs', 4);
INSERT INTO tu VALUES ('i', 1), ('ı', 2), ('ş', 3);

-- workload
UPDATE sw SET k = UPPER(k), v = v + 10;
UPDATE sw SET k = 'á' WHERE k = 'A';
DELETE FROM sw WHERE k = 'y';
UPDATE g1 SET k = 'ä' WHERE k = 'a';
UPDATE g1 SET k = 'ß' WHERE k = 's';
UPDATE g2 SET k = 'ae' WHERE v = 2;
UPDATE g2 SET k = 'SS' WHERE v = 3;
UPDATE g2 SET k = 'ö' WHERE v = 4;
BEGIN;
DELETE FROM gc WHERE k = 'a';
UPDATE gc SET k = 'a' WHERE k = 'A';
INSERT INTO gc VALUES ('A', 9);
COMMIT;
UPDATE da SET k = UPPER(k), v = v + 10;
UPDATE bi SET k = 'X' WHERE k = 'x';
UPDATE bi SET v = v + 10;
UPDATE l2 SET k = UPPER(k), v = v + 10;
UPDATE tu SET v = v + 10 WHERE k = 'I';
UPDATE tu SET k = UPPER(k);
