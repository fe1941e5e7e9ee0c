-- Tailorings for languages, under which other letters are equal or apart.
-- pairs: mysql

-- setup
CREATE TABLE de (id INT PRIMARY KEY, k VARCHAR(20) COLLATE utf8mb4_de_pb_0900_ai_ci, UNIQUE KEY (k));
CREATE TABLE sv (id INT PRIMARY KEY, k VARCHAR(20) COLLATE utf8mb4_sv_0900_ai_ci, UNIQUE KEY (k));
CREATE TABLE tr (id INT PRIMARY KEY, k VARCHAR(20) COLLATE utf8mb4_tr_0900_ai_ci, UNIQUE KEY (k));
CREATE TABLE ja (k VARCHAR(20) COLLATE utf8mb4_ja_0900_as_cs_ks PRIMARY KEY, v INT);
CREATE TABLE es (k VARCHAR(20) COLLATE utf8mb4_spanish2_ci PRIMARY KEY, v INT);
INSERT INTO de VALUES (1, 'a'), (2, 'ä'), (3, 'o');
INSERT INTO sv VALUES (1, 'a'), (2, 'å'), (3, 'ä'), (4, 'o'), (5, 'ö');
INSERT INTO tr VALUES (1, 'i'), (2, 'ı'), (3, 's'), (4, 'ş');
INSERT INTO ja VALUES ('あ', 1), ('ア', 2), ('ぁ', 3), ('亜', 4);
INSERT INTO es VALUES ('ch', 1), ('c', 2), ('ll', 3), ('n', 4), ('ñ', 5);

-- workload
UPDATE de SET k = 'ae' WHERE id = 2;
UPDATE sv SET k = UPPER(k);
BEGIN;
UPDATE sv SET k = 'tmp' WHERE id = 2;
UPDATE sv SET k = 'å' WHERE id = 3;
UPDATE sv SET k = 'ä' WHERE id = 2;
COMMIT;
UPDATE tr SET k = 'İ' WHERE id = 1;
UPDATE tr SET k = 'I' WHERE id = 2;
UPDATE ja SET v = v + 10;
DELETE FROM ja WHERE k = 'ァ' OR v = 12;
UPDATE ja SET k = 'ア' WHERE v = 11;
UPDATE es SET k = UPPER(k), v = v + 10;
DELETE FROM es WHERE k = 'ñ';
