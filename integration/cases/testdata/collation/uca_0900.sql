-- Unique keys under the collations of MySQL 8: accents, case, expansions and trailing blanks.
-- pairs: mysql

-- setup
CREATE TABLE ai (id INT PRIMARY KEY, k VARCHAR(20) COLLATE utf8mb4_0900_ai_ci, UNIQUE KEY (k));
CREATE TABLE asci (id INT PRIMARY KEY, k VARCHAR(20) COLLATE utf8mb4_0900_as_ci, UNIQUE KEY (k));
CREATE TABLE ascs (id INT PRIMARY KEY, k VARCHAR(20) COLLATE utf8mb4_0900_as_cs, UNIQUE KEY (k));
CREATE TABLE bin (id INT PRIMARY KEY, k VARCHAR(20) COLLATE utf8mb4_0900_bin, UNIQUE KEY (k));
INSERT INTO ai VALUES (1, 'a'), (2, 'ß'), (3, 'x'), (4, 'x '), (5, 'ﬁ'), (6, 'e'), (7, '😀'), (8, '');
INSERT INTO asci VALUES (1, 'a'), (2, 'á'), (3, 'ß'), (4, 'x'), (5, 'x '), (6, 'é');
INSERT INTO ascs VALUES (1, 'a'), (2, 'A'), (3, 'á'), (4, 'ß'), (5, 'ss'), (6, 'x ');
INSERT INTO bin VALUES (1, 'a'), (2, 'A'), (3, 'é'), (4, 'e'), (5, ''), (6, ' ');

-- workload
BEGIN;
UPDATE ai SET k = 'Á' WHERE id = 1;
UPDATE ai SET k = 'SS' WHERE id = 2;
UPDATE ai SET k = 'FI' WHERE id = 5;
UPDATE ai SET k = 'tmp' WHERE id = 6;
UPDATE ai SET k = 'É' WHERE id = 3;
UPDATE ai SET k = 'X' WHERE id = 6;
COMMIT;
-- fails 1062
INSERT INTO ai VALUES (9, 'ss');
DELETE FROM ai WHERE k = 'fi';
INSERT INTO ai VALUES (10, 'ﬁ');
UPDATE asci SET k = UPPER(k);
BEGIN;
DELETE FROM asci WHERE k = 'Á';
UPDATE asci SET k = 'á' WHERE id = 1;
INSERT INTO asci VALUES (2, 'a');
COMMIT;
UPDATE ascs SET k = 'B' WHERE id = 2;
UPDATE ascs SET k = 'A' WHERE id = 1;
UPDATE ascs SET k = 'a' WHERE id = 2;
UPDATE bin SET k = CONCAT(k, ' ') ORDER BY LENGTH(k) DESC;
