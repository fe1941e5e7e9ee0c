-- The old collations of utf8mb4 and utf8mb3 with values they equate.

-- setup
CREATE TABLE g (id INT PRIMARY KEY, k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, UNIQUE KEY (k));
CREATE TABLE u (id INT PRIMARY KEY, k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci, UNIQUE KEY (k));
CREATE TABLE u5 (id INT PRIMARY KEY, k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci, UNIQUE KEY (k));
CREATE TABLE b (k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, v INT);
CREATE TABLE g3 (k VARCHAR(20) CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci PRIMARY KEY, v INT);
CREATE TABLE sp (k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_spanish_ci PRIMARY KEY, v INT);
INSERT INTO g VALUES (1, 'ß'), (2, 'e'), (3, '😀'), (4, 'Ω'), (5, 'x');
INSERT INTO u VALUES (1, 'ß'), (2, 'e'), (3, '😀'), (4, 'œ'), (5, 'x');
INSERT INTO u5 VALUES (1, 'ß'), (2, 'e'), (3, '😀'), (4, '😁'), (5, 'x');
INSERT INTO b VALUES ('a', 1), ('A', 2), ('á', 3), ('x', 4);
INSERT INTO g3 VALUES ('é', 1), ('s', 2), ('x', 3);
INSERT INTO sp VALUES ('n', 1), ('ñ', 2), ('ch', 3);

-- workload
UPDATE g SET k = 's' WHERE id = 1;
UPDATE g SET k = 'É' WHERE id = 2;
UPDATE g SET k = '😁' WHERE id = 3;
UPDATE g SET k = 'X  ' WHERE id = 5;
UPDATE u SET k = 'SS' WHERE id = 1;
UPDATE u SET k = 'OE' WHERE id = 4;
UPDATE u SET k = '😁' WHERE id = 3;
UPDATE u5 SET k = 'tmp' WHERE id = 3;
UPDATE u5 SET k = '😀' WHERE id = 4;
UPDATE u5 SET k = '😁' WHERE id = 3;
UPDATE b SET k = CONCAT(k, ' ') WHERE k = 'x';
BEGIN;
DELETE FROM b WHERE k = 'a';
UPDATE b SET k = 'a' WHERE k = 'A';
INSERT INTO b VALUES ('A', 9);
COMMIT;
UPDATE g3 SET k = 'E', v = 10 WHERE k = 'é';
UPDATE g3 SET k = 'ß' WHERE k = 's';
UPDATE sp SET k = 'Ñ' WHERE k = 'ñ';
DELETE FROM sp WHERE k = 'N';
